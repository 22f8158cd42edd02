// The tab's machine: the page's side of the worker. It starts it, stops it, and starts it again;
// it keeps what the disk holds; and it lets one tab at a time use it.

import { course } from "../course.mjs";
import { Disk, dropMemory, dropOtherBuilds, NAME, readMemory, storeMemory } from "./disk.mjs";
import { BUILD, BUILDS, fetched, unzipped, unzippedBytes } from "./fetching.mjs";
import { unpack } from "./packs.mjs";

// How long a process may take to react to Ctrl-C before it is ended with its worker.
const PATIENCE = 1500; // ms
const MOST_FOR_SERVICE_WORKER = 3000; // ms
const ELSEWHERE = "The terminal goes on in another tab.";
const BROKEN = "Python could not be started. Reload the page, or look at your network.";
const STOPPED = "Stopped. What it had not yet written to disk is lost.";
// Made by commands, and no part of the course.
const HIDDEN = /(^|\/)\.|__pycache__\//;
const CAN_WAIT = "Suspending" in WebAssembly;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function asText(bytes) {
  try {
    const text = decoder.decode(bytes);
    return text.includes("\0") ? null : text;
  } catch {
    return null; // it is no text
  }
}

function isMade(path) {
  return path.startsWith(course.data) || course.made.test(path) || HIDDEN.test(path);
}

class Machine extends EventTarget {
  state = "off";
  cwd = course.home;
  code = 0;

  #lines = 0;
  #questions = new Map();
  #late = {}; // edits that wait for the running line to end

  emit(type, properties = {}) {
    this.dispatchEvent(Object.assign(new Event(type), properties));
  }

  #become(state) {
    if (this.state === state) return;
    this.state = state;
    this.emit("state");
  }

  // --- Starting ---

  /** Start the machine if it is not; reject with an error whose message is for the reader. */
  start() {
    if (!this.#starting) {
      const starting = this.#start().catch((error) => {
        this.#dropLaunched();
        if (this.#starting === starting) this.#starting = undefined;
        this.#become(error.elsewhere ? "elsewhere" : "failed");
        throw error;
      });
      this.#starting = starting;
    }
    return this.#starting;
  }

  #starting;
  #isUp = false;

  async #start() {
    this.#become("starting");
    this.emit("progress", { text: "Python is loading…" });
    await this.#lock();
    // All at once: what takes longest is the network.
    this.#compiled ??= compile();
    this.#compiled.catch(() => (this.#compiled = undefined));
    const memory = readMemory();
    const disk = this.#openDisk();
    disk.catch(() => {});
    this.#serviceWorker = await this.#startServiceWorker();
    // Now: what it fetches is kept. It need not wait for the disk.
    this.#launch();
    await disk;
    this.emit("progress", { text: "Python is starting…" });
    await this.#boot(await memory);
    this.#isUp = true;
    this.#become("ready");
    dropOtherBuilds();
  }

  #compiled;
  #serviceWorker;
  #disk;
  #built;
  #exercises; // the keys of each chapter's

  #openDisk() {
    this.#opening ??= this.#readDisk().catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  #opening;

  async #readDisk() {
    const [manifest, pack] = await Promise.all([
      fetched("manifest.json").then((response) => response.json()),
      unzippedBytes("course.pack"),
    ]);
    this.#built = manifest.built;
    this.#exercises = manifest.exercises;
    const disk = new Disk(new Map(unpack(pack)), manifest.tables, (text) =>
      this.emit("notice", { text }),
    );
    await disk.open();
    this.#disk = disk;
  }

  #launched; // a worker that has begun to fetch, and waits for its order

  #launch() {
    const worker = new Worker(new URL("./worker.mjs", import.meta.url), { type: "module" });
    const failed = new Promise((_, reject) => {
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(BROKEN));
        // After the start this is all that is heard of its end.
        if (worker === this.#worker) this.#hear({ type: "failed", text: event.message });
      };
    });
    failed.catch(() => {});
    this.#launched = { worker, failed };
  }

  #dropLaunched() {
    this.#launched?.worker.terminate();
    this.#launched = undefined;
  }

  async #boot(memory) {
    if (this.#isElsewhere) throw elsewhere(ELSEWHERE);
    const begin = performance.now();
    const session = randomName();
    if (!this.#launched) this.#launch();
    const { worker, failed } = this.#launched;
    this.#launched = undefined;
    this.#worker = worker;
    this.#session = session;
    try {
      const { isNew } = await new Promise((resolve, reject) => {
        this.#abandon = reject;
        failed.catch(reject);
        worker.onmessage = ({ data }) => {
          if (worker !== this.#worker) return;
          if (data.type === "ready") resolve(data);
          else if (data.type === "failed" && data.isBoot) reject(new Error(data.text));
          else this.#hear(data);
        };
        this.#compiled.then((module) => {
          const message = {
            type: "boot",
            session,
            module,
            snapshot: memory,
            canWait: CAN_WAIT,
            built: this.#built,
            files: this.#changed(),
            state: this.#shell,
          };
          worker.postMessage(message, memory ? [memory.buffer] : []);
        }, reject);
      });
      this.#hasMemory = !isNew;
    } catch (error) {
      worker.terminate();
      if (!memory || error.elsewhere) throw error;
      // The stored memory did not fit, perhaps. Without it Python takes longer, and starts.
      await dropMemory();
      await this.#boot(null);
      return;
    }
    if (this.#serviceWorker) worker.postMessage({ type: "serviceWorker" });
    const detail = { fromMemory: this.#hasMemory };
    performance.measure("course-terminal boot", { start: begin, detail });
  }

  #worker;
  #session;
  #abandon = () => {}; // rejects the boot that goes on
  #hasMemory = false;
  #shell; // where the shell stood, and its variables

  // What the new worker's files must be told: where they differ from the course's.
  #changed() {
    return Object.fromEntries(this.#disk.files);
  }

  async #startServiceWorker() {
    try {
      const container = navigator.serviceWorker;
      const all = await container.getRegistrations();
      for (const other of all) {
        if (other.scope.startsWith(BUILDS) && other.scope !== BUILD) other.unregister();
      }
      // It never changes: its address holds the build.
      const ours = all.find(({ scope }) => scope === BUILD);
      if (ours?.active?.state === "activated") return ours;
      const registration = await container.register(`${BUILD}sw.js`, { scope: BUILD });
      const worker = registration.active ?? registration.waiting ?? registration.installing;
      const isActive = await new Promise((resolve) => {
        const look = () => {
          if (worker.state === "activated") resolve(true);
          if (worker.state === "redundant") resolve(false);
        };
        worker.addEventListener("statechange", look);
        look();
        setTimeout(resolve, MOST_FOR_SERVICE_WORKER, false);
      });
      return isActive ? registration : undefined;
    } catch {
      return undefined; // not on this address, or not in this browser
    }
  }

  // --- One tab at a time: two disks would write over each other ---

  #lock(steal = false) {
    if (!navigator.locks) return undefined;
    if (!steal && this.#locking) return this.#locking;
    this.#locking = new Promise((resolve, reject) => {
      const options = steal ? { steal: true } : { ifAvailable: true };
      const held = navigator.locks.request(NAME, options, (lock) => {
        if (!lock) {
          this.#locking = undefined;
          reject(elsewhere("The terminal is open in another tab."));
          return undefined;
        }
        this.#isElsewhere = false;
        resolve();
        return new Promise(() => {}); // as long as the page
      });
      held.catch(() => this.#giveUp());
    });
    return this.#locking;
  }

  #locking;

  #isElsewhere = false;

  // Another tab has taken over.
  #giveUp() {
    this.#isElsewhere = true;
    this.#isUp = false;
    this.#dropLaunched();
    this.#worker?.terminate();
    this.#worker = this.#starting = this.#disk = this.#opening = this.#locking = undefined;
    this.#late = {};
    this.#abandon(elsewhere(ELSEWHERE));
    this.#dropQuestions();
    this.#become("elsewhere");
    this.#end({ code: 130, note: ELSEWHERE });
  }

  async takeOver() {
    this.#starting = undefined;
    await this.#lock(true);
    await this.start();
  }

  // --- Lines ---

  /** Run a line of the shell; one at a time. */
  async exec(line, { columns = 80, rows = 24, terminal = true } = {}) {
    while (!this.#isFree) await this.#chance();
    const id = ++this.#lines;
    this.#ended = { ...withResolvers(), id, presses: 0, heard: 0 };
    this.#become("running");
    this.#worker.postMessage({ type: "run", id, line, columns, rows, terminal });
    return this.#ended.promise;
  }

  #ended; // the line that runs

  get #isFree() {
    return this.#isUp && !this.#restarting && !this.#ended;
  }

  async #chance() {
    await this.start();
    await (this.#restarting ?? this.#ended?.promise);
  }

  #end(outcome) {
    const ended = this.#ended;
    this.#ended = undefined;
    if (!ended) return;
    this.code = outcome.code;
    ended.resolve(outcome);
    this.emit("done");
  }

  #hear(message) {
    switch (message.type) {
      case "output":
        this.emit("output", { data: message.data });
        break;
      case "ask":
        this.#become("asking");
        this.emit("ask", { secret: message.secret });
        break;
      case "heard":
        if (this.#ended) this.#ended.heard++;
        break;
      case "files":
        this.#keep(message.files);
        break;
      case "done":
        this.#finish(message);
        break;
      case "ended":
        this.#finish(message, { dead: true });
        break;
      case "answer":
        this.#questions.get(message.id)?.resolve(message.value);
        this.#questions.delete(message.id);
        break;
      case "snapshot":
        storeMemory(message.memory);
        break;
      case "failed":
        this.#questions.get(message.id)?.reject(new Error(message.text));
        this.#questions.delete(message.id);
        if (this.#ended && message.id === this.#ended.id && !this.#restarting) {
          this.#restart({ code: 1, note: message.text });
        }
        break;
    }
  }

  async #keep(files) {
    if (!Object.keys(files).length) return;
    await this.#disk.save(files);
    this.emit("files");
  }

  async #finish({ code, state, files, isBloated }, { dead = false } = {}) {
    const worker = this.#worker;
    if (state) {
      this.#shell = state;
      this.cwd = state.cwd;
    }
    // What was edited meanwhile comes after what the line has written.
    await this.#keep({ ...files, ...this.#late });
    if (worker !== this.#worker) return;
    if (dead || isBloated) {
      await this.#restart({ code });
      return;
    }
    this.#writeLate();
    this.#become("ready");
    this.#end({ code });
    if (!this.#hasMemory) {
      // When nobody waits for it; where another line runs by then, after that one.
      setTimeout(() => {
        if (this.#hasMemory || this.state !== "ready") return;
        this.#hasMemory = true;
        this.#worker.postMessage({ type: "snapshot" });
      }, 500);
    }
  }

  // End the worker, whatever it does, and start another one with the same disk.
  #restart(outcome) {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#abandon(new Error("Python has ended."));
    this.#dropQuestions();
    this.#late = {}; // the disk has it
    if (this.#shell) this.#shell.code = outcome.code;
    this.#restarting = this.#startAgain(outcome).finally(() => (this.#restarting = undefined));
    return this.#restarting;
  }

  #restarting;

  async #startAgain(outcome) {
    this.#become("starting");
    try {
      this.#launch();
      await this.#boot(await readMemory());
      this.#become("ready");
    } catch (error) {
      if (error.elsewhere) return;
      this.#starting = undefined;
      this.#isUp = false;
      this.emit("notice", { text: error.message });
      this.#become("failed");
    }
    this.#end(outcome);
  }

  input(text) {
    this.#become("running");
    if (CAN_WAIT) this.#worker.postMessage({ type: "input", text });
    else this.#post({ type: "input", text: text ?? "" });
  }

  /** Ctrl-C. What does not react is ended. */
  interrupt() {
    const line = this.#ended;
    if (!line || !this.#worker) return;
    const press = { line: line.id, number: ++line.presses };
    this.#worker.postMessage({ type: "signal", press });
    this.#post({ type: "signal", press });
    setTimeout(() => {
      if (this.#ended !== line || this.#restarting || this.state === "asking") return;
      // A program that has caught the first one may take its time.
      if (press.number === 1 && line.heard) return;
      this.#restart({ code: 130, note: STOPPED });
    }, PATIENCE);
  }

  #post(message) {
    this.#serviceWorker?.active?.postMessage({ ...message, session: this.#session });
  }

  #dropQuestions() {
    for (const { reject } of this.#questions.values()) reject(new Error("Python has ended."));
    this.#questions.clear();
  }

  async #ask(type, properties) {
    while (!this.#isFree) await this.#chance();
    const id = `${type}-${++this.#lines}`;
    const question = withResolvers();
    this.#questions.set(id, question);
    this.#worker.postMessage({ type, id, ...properties });
    return question.promise;
  }

  complete(line, cursor) {
    return this.#ask("complete", { line, cursor });
  }

  tables() {
    return this.#ask("tables");
  }

  /** The exercises: by chapter and key, whether one is solved, and what its last check found. */
  async exercises() {
    const isBegun = (await this.current(course.progress)) !== null;
    const entries = isBegun ? await this.#ask("progress") : {};
    const describe = (key) => {
      const { solved = false, last = "" } = entries[key] ?? {};
      return [key, { solved, last }];
    };
    const all = Object.entries(this.#exercises);
    return Object.fromEntries(
      all.map(([chapter, keys]) => [chapter, Object.fromEntries(keys.map(describe))]),
    );
  }

  /** What Python takes: `{ memory, files, objects }`. No command changes it for the next one. */
  usage() {
    return this.#ask("usage");
  }

  // --- Files ---

  async #ready() {
    await this.#lock();
    await this.#openDisk();
    return this.#disk;
  }

  async paths() {
    const { originals, files } = await this.#ready();
    const paths = new Set([...originals.keys(), ...files.keys()]);
    return [...paths]
      .filter((path) => !isMade(path) && files.get(path) !== null)
      .filter((path) => asText(files.get(path) ?? originals.get(path)) !== null)
      .sort();
  }

  async original(path) {
    const { originals } = await this.#ready();
    return originals.has(path) ? asText(originals.get(path)) : null;
  }

  async current(path) {
    const { originals, files } = await this.#ready();
    const bytes = files.has(path) ? files.get(path) : originals.get(path);
    return bytes ? asText(bytes) : null;
  }

  async changes() {
    const { files } = await this.#ready();
    const changes = new Map();
    for (const [path, bytes] of files) {
      if (isMade(path) || (bytes && asText(bytes) === null)) continue;
      changes.set(path, {
        original: await this.original(path),
        current: bytes ? asText(bytes) : null,
      });
    }
    return changes;
  }

  /** Write `text` to the file; null puts the original back. */
  async write(path, text) {
    const disk = await this.#ready();
    const bytes =
      text === null ? (disk.originals.get(path) ?? null) : new TextEncoder().encode(text);
    Object.assign(this.#late, { [path]: bytes });
    if (!this.#ended) this.#writeLate();
    await disk.save({ [path]: bytes });
    this.emit("files");
  }

  #writeLate() {
    if (Object.keys(this.#late).length && this.#worker) {
      this.#worker.postMessage({ type: "write", files: this.#late });
    }
    this.#late = {};
  }

  /** Bring everything back as it came. */
  async reset() {
    await this.#starting?.catch(() => {});
    await this.#restarting;
    const disk = await this.#ready();
    await disk.clear();
    this.#shell = undefined;
    this.cwd = course.home;
    if (this.#worker) await this.#restart({ code: 130 });
    this.code = 0;
    this.emit("files");
    this.emit("done");
  }
}

function elsewhere(message) {
  return Object.assign(new Error(message), { elsewhere: true });
}

function randomName() {
  return [...crypto.getRandomValues(new Uint32Array(4))].join("-");
}

function withResolvers() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

async function compile() {
  const headers = { "content-type": "application/wasm" };
  return WebAssembly.compileStreaming(await unzipped("vendor/pyodide.asm.wasm", headers));
}

export const machine = new Machine();
