// Stands in for machine.mjs where the view is looked at without Python. It is never shipped.
// What it does is chosen by the address: ?machine=slow, fails, elsewhere.

const encoder = new TextEncoder();
const wait = (time) => new Promise((resolve) => setTimeout(resolve, time));
const mode = new URLSearchParams(location.search).get("machine");

class FakeMachine extends EventTarget {
  state = "off";
  cwd = "/course";
  code = 0;
  ran = [];

  #become(state) {
    this.state = state;
    this.#tell("state");
  }

  #tell(name, properties = {}) {
    this.dispatchEvent(Object.assign(new Event(name), properties));
  }

  print(text) {
    // In pieces that split characters, as they may come.
    const bytes = encoder.encode(text);
    for (let at = 0; at < bytes.length; at += 4093) {
      this.#tell("output", { data: bytes.slice(at, at + 4093) });
    }
  }

  notice(text) {
    this.#tell("notice", { text });
  }

  start() {
    this.starting ??= this.#start().catch((error) => {
      this.starting = undefined;
      throw error;
    });
    return this.starting;
  }

  async #start() {
    this.#become("starting");
    for (const text of ["Python is loading…", "Django is loading…"]) {
      this.#tell("progress", { text });
      await wait(mode === "slow" ? 1500 : 50);
    }
    if (mode === "fails" && !this.hasFailed) {
      this.hasFailed = true;
      this.#become("failed");
      throw new Error("Python could not be loaded: the network is gone.");
    }
    this.#become(mode === "elsewhere" ? "elsewhere" : "ready");
  }

  takeOver() {
    this.#become("ready");
  }

  async exec(line, { columns, terminal }) {
    this.ran.push({ line, terminal });
    this.#become("running");
    this.stopped = new Promise((resolve) => (this.stop = () => resolve("stop")));
    const code = await this.#command(line.trim(), columns);
    this.code = code === "stop" ? 130 : code;
    this.#become("ready");
    this.#tell("done");
    return { code: this.code, note: code === "stop" ? "Stopped." : undefined };
  }

  async #command(line, columns) {
    const [name, number] = line.split(" ");
    if (line.startsWith("cd ")) {
      this.cwd = number === ".." ? "/course" : `/course/${number}`;
    } else if (name === "lines") {
      for (let row = 1; row <= number; row++) this.print(`line ${row}\n`);
    } else if (name === "sleep") {
      return Promise.race([wait(number * 1000).then(() => 0), this.stopped]);
    } else if (name === "progress") {
      for (let part = 0; part <= 10; part++) {
        this.print(`\r${"#".repeat(part * 2)}${" ".repeat(20 - part * 2)} ${part * 10} %`);
        await wait(60);
      }
      this.print("\n");
    } else if (name === "colors") {
      for (let bold = 0; bold < 2; bold++) {
        for (let color = 30; color < 38; color++) {
          this.print(`\x1b[${bold};${color}m color ${color} \x1b[0m`);
          this.print(` \x1b[${color + 60}m bright \x1b[0m`);
          this.print(` \x1b[37;${color + 10}m on \x1b[0m\n`);
        }
      }
    } else if (name === "width") {
      this.print(`${columns}\n`);
    } else if (line.includes("full_reset") && !line.includes("--no-input")) {
      this.print("\x1b[1;33mThis deletes every row of /course/var/db.sqlite3:\x1b[0m\n");
      this.print('     120 products\nType "yes" to go on: ');
      const answer = await this.#ask(false);
      if (answer === "stop") return 130;
      this.print(answer === "yes\n" ? "Reset.\n" : "\x1b[1;31mCommandError: Aborted.\x1b[0m\n");
      return answer === "yes\n" ? 0 : 1;
    } else if (name === "passwd") {
      this.print("Password: ");
      const answer = await this.#ask(true);
      this.print(`${answer?.trim().length} characters\n`);
    } else if (line.includes("greet")) {
      this.print("Hello, Ada! 👋🏽 Grüße aus 東京\n");
    } else if (line.includes("helo")) {
      this.print(
        "Unknown command: 'helo'. Did you mean hello?\nType 'manage.py help' for usage.\n",
      );
      return 1;
    } else if (name === "printf") {
      this.print("no line end");
    } else {
      this.print("Hello from Django!\n");
    }
    return 0;
  }

  async #ask(secret) {
    this.#become("asking");
    this.#tell("ask", { secret });
    const answer = await Promise.race([new Promise((give) => (this.give = give)), this.stopped]);
    this.#become("running");
    return answer;
  }

  input(text) {
    this.give(text);
  }

  interrupt() {
    this.stop?.();
  }

  async complete(line, cursor) {
    const start = line.lastIndexOf(" ", cursor - 1) + 1;
    const candidates = [
      "python",
      "manage.py",
      "chapters/",
      "chapters/01/",
      "chapters/02/",
      "greet",
    ];
    return {
      start,
      candidates: candidates.filter((one) => one.startsWith(line.slice(start, cursor))),
    };
  }

  async reset() {
    this.cwd = "/course";
    await wait(100);
  }

  async changes() {
    return new Map();
  }

  async tables() {
    return [];
  }
}

export const machine = new FakeMachine();
globalThis.fakeMachine = machine;
