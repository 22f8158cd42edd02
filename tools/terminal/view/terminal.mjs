// The terminal as the reader sees it: xterm.js in a frame with buttons. It shows what the machine
// says; what is typed goes to lines.mjs.

import { course } from "../course.mjs";
import { Lines } from "../editing/lines.mjs";
import { Display } from "./display.mjs";
import { button, element } from "./elements.mjs";
import { Spoken } from "./spoken.mjs";
import { toolbar, touchKeys } from "./toolbar.mjs";

const HINT = "Tab completes. To leave the terminal with the keyboard, press Escape, then Tab.";
const ELSEWHERE = "The terminal is open in another tab. Its files are the same.";
const RESET = "Put every file and the database back? Your changes are lost.";
const UPDATED = "This part could not be loaded. If that stays so, reload the page.";
const STATES = {
  off: "Off",
  starting: "Python is loading…",
  ready: "Ready",
  running: "Running…",
  asking: "Waiting for your answer",
  elsewhere: "Open in another tab",
  failed: "Not running",
};
const PANELS = {
  Files: (place, machine, options) =>
    import("../panels/editor.mjs").then(({ openFiles }) => openFiles(place, machine, options)),
  Database: (place, machine) =>
    import("../panels/database.mjs").then(({ openDatabase }) => openDatabase(place, machine)),
};
const SPEAK_AFTER = 400; // milliseconds
const KEPT_SPEECH = 10;

export class TerminalView {
  constructor(machine, Terminal, FitAddon, block) {
    this.machine = machine;
    this.spoken = new Spoken();
    this.panels = new Map(); // name → a promise of the open panel
    this.#build();
    block.after(this.frame); // xterm.js measures its letters, so it must be in the page
    this.display = new Display(this.screen, Terminal, FitAddon, {
      keys: (data) => this.lines.feed(data),
      escape: () => this.#announce("Tab leaves the terminal now."),
      beforeResize: () => this.lines.hide(),
      afterResize: () => this.lines.show(),
    });
    this.lines = new Lines({
      write: (text) => this.display.write(text),
      columns: () => this.display.size.columns,
      prompt: () => this.#prompt(),
      run: async (line) => {
        const result = await this.#execute(line, true);
        setTimeout(() => this.#runWanted());
        return result;
      },
      answer: (text) => machine.input(text),
      interrupt: () => machine.interrupt(),
      complete: (line, cursor) => machine.complete(line, cursor),
      announce: (text) => this.#announce(text),
      storage: sessionStorageOrNone(),
    });
    this.#listen();
    this.#showState();
  }

  /** Move the terminal below `block`, and the focus into it unless it goes elsewhere. */
  async showBelow(block, { focus = true } = {}) {
    this.block = block;
    if (block.nextElementSibling !== this.frame) moveBelow(block, this.frame);
    this.frame.hidden = false;
    // The first command is told how wide the terminal is.
    const fitted = this.display.fit();
    if (!focus) return fitted;
    this.#focus();
    this.frame.scrollIntoView({ block: "nearest" });
    // With an open panel the frame may be higher than the window.
    this.screen.scrollIntoView({ block: "nearest" });
    return fitted;
  }

  #focus() {
    // On a phone the focus in the terminal would bring up the keyboard, over the output.
    if (matchMedia("(pointer: coarse)").matches) this.frame.focus({ preventScroll: true });
    else this.display.focus();
  }

  /** Open the file `path` in the panel, at the `line` or where the `symbol` is. */
  async edit(path, { line, symbol }) {
    this.#connect();
    if (!this.panels.has("Files")) return this.#openPanel("Files", { path, line, symbol });
    return (await this.panels.get("Files")).show(path, { line, symbol });
  }

  /**
   * Run `commands` one after another when the machine has started and is free. A command that
   * ends with another exit code than it has in `codes`, or else 0, is the last one. `ended` is
   * called with the exit code of the last one.
   */
  run(commands, { codes = [], onTerminal = false, starting, ended }) {
    this.wanted = { commands, codes, onTerminal, ended };
    this.display.scrollToBottom();
    this.#connect(() => starting);
    this.#showState();
  }

  // --- The machine ---

  async #connect(start = () => this.machine.start()) {
    try {
      await start();
    } catch (error) {
      return this.#fail(error);
    }
    this.#takeLines();
  }

  // Show the prompt, unless it is there or something is in the way.
  #takeLines() {
    if (this.machine.state !== "ready" || this.executing || this.resetting) return;
    if (this.lines.mode === "busy" && !this.lines.playing) {
      this.display.startOfLine();
      this.lines.open();
    }
    this.#runWanted();
  }

  async #runWanted() {
    if (!this.wanted || !this.lines.isIdle || this.machine.state !== "ready") return;
    const { commands, codes, onTerminal, ended } = this.wanted;
    this.wanted = undefined;
    const execute = (line) => this.#execute(line, onTerminal);
    const { result, count, draft } = await this.lines.play(commands, execute, codes);
    if (result?.gone) return;
    const left = commands.length - count;
    if (left) this.#remark(`Stopped here: exit code ${result.code}. ${notRun(left)}`);
    this.lines.open(draft);
    ended?.(result?.code);
    this.#runWanted();
  }

  async #execute(line, onTerminal) {
    this.executing = true;
    this.spoken.begin();
    const options = { ...this.display.size, terminal: onTerminal };
    try {
      const { code, note } = await this.machine.exec(line, options);
      await this.display.written();
      this.display.startOfLine();
      if (note) this.#remark(note);
      this.#announce(this.spoken.end(code));
      return { code, gone: this.machine.state !== "ready" };
    } catch (error) {
      await this.display.written();
      this.display.startOfLine();
      this.#remark(error.message);
      return { code: 1, gone: this.machine.state !== "ready" };
    } finally {
      this.executing = false;
      this.#showState();
    }
  }

  #fail(error) {
    this.failure = error.message;
    this.lines.close();
    this.#showState();
  }

  #listen() {
    const on = (name, action) => this.machine.addEventListener(name, action);
    const decoder = new TextDecoder();
    on("output", ({ data }) => {
      this.display.write(data);
      this.spoken.write(decoder.decode(data, { stream: true }));
      this.speaking ??= setTimeout(() => this.#speak(), SPEAK_AFTER);
    });
    on("ask", ({ secret }) => {
      this.#showState(secret ? "Waiting for your answer, which stays hidden" : undefined);
      this.display.written().then(() => {
        if (this.machine.state !== "asking") return; // It was stopped meanwhile.
        this.#speak(true);
        this.lines.ask(this.display.beforeCursor(), secret);
      });
    });
    on("progress", ({ text }) => {
      this.progress = text;
      this.#showState();
      this.#announce(text);
    });
    on("notice", ({ text }) => this.notice(text));
    on("state", () => {
      const { state } = this.machine;
      if (state === "elsewhere" || state === "failed") this.lines.close();
      this.#showState();
      this.#takeLines();
    });
    on("done", () => this.#showState());
  }

  // --- What is written ---

  #prompt() {
    const { cwd } = this.machine;
    const isInside = cwd === course.home || cwd.startsWith(`${course.home}/`);
    const folder = isInside ? cwd.slice(course.home.length + 1) : cwd;
    return `${folder && `\x1b[36m${folder}\x1b[0m `}\x1b[1;32m$\x1b[0m `;
  }

  #remark(text) {
    this.display.write(`\x1b[33m${text}\x1b[0m\n`);
    this.#announce(text);
  }

  // --- What a screen reader says ---

  #speak(isWaiting = false) {
    clearTimeout(this.speaking);
    this.speaking = undefined;
    this.#announce(this.spoken.take(isWaiting));
  }

  #announce(text) {
    if (!text) return;
    this.speech.append(element("p", {}, text));
    while (this.speech.children.length > KEPT_SPEECH) this.speech.firstChild.remove();
  }

  // --- States and notices ---

  #showState(override) {
    const { state, code } = this.machine;
    this.frame.dataset.state = state;
    let text = override ?? STATES[state];
    if (state === "starting" && this.progress) text = this.progress;
    if (state === "ready" && code) text = `${text}. Exit code ${code}`;
    if (this.wanted && (state === "running" || state === "asking")) {
      text = "Still running. The block's commands come next; Stop ends this one";
    }
    this.status.textContent = text;
    this.#showObstacle(state);
  }

  #showObstacle(state) {
    const isUp = ["starting", "ready", "running", "asking"].includes(state);
    if (isUp) this.failure = undefined;
    else if (state === "failed") this.failure ??= "Python has stopped.";
    const shown = state === "elsewhere" ? ELSEWHERE : (this.failure ?? "");
    if (this.obstacle.dataset.shown === shown) return;
    this.obstacle.dataset.shown = shown;
    this.obstacle.replaceChildren();
    if (!shown) return;
    const connect = (start) => {
      this.#connect(start);
      this.display.focus();
    };
    this.obstacle.append(element("p", {}, shown));
    if (state === "elsewhere") {
      this.obstacle.append(button("Use it here", () => connect(() => this.machine.takeOver())));
    } else {
      this.obstacle.append(button("Try again", () => connect()));
      this.obstacle.append(button("Reload the page", () => location.reload()));
    }
  }

  notice(text) {
    const notice = element("div", { className: "terminal-notice" }, element("p", {}, text));
    notice.append(
      button("Dismiss", () => {
        notice.remove();
        this.display.focus();
      }),
    );
    this.notices.append(notice);
  }

  // --- Buttons ---

  #stop() {
    this.wanted = undefined;
    this.lines.feed("\x03");
    this.#showState();
    this.#focus();
  }

  #askReset() {
    if (this.question.firstChild) return this.#closeQuestion();
    const question = element("p", { id: "terminal-question" }, RESET);
    const yes = button("Put everything back", () => this.#reset());
    const no = button("Keep my changes", () => this.#closeQuestion());
    this.question.append(question, yes, no);
    yes.setAttribute("aria-describedby", question.id);
    yes.focus();
  }

  #closeQuestion() {
    this.question.replaceChildren();
    this.resetButton.focus();
  }

  async #reset() {
    this.#closeQuestion();
    this.resetting = true;
    this.wanted = undefined;
    if (!this.executing) this.lines.close();
    try {
      await this.machine.reset();
      this.display.startOfLine();
      this.#remark("Every file and the database are as they came.");
    } catch (error) {
      this.#fail(error);
    }
    this.resetting = false;
    await this.display.written();
    this.#takeLines();
  }

  #showPanel(name, isOpen) {
    const { place, toggle } = this.places[name];
    place.hidden = !isOpen;
    toggle.setAttribute("aria-expanded", String(isOpen));
  }

  async #openPanel(name, options) {
    const opening = PANELS[name](this.places[name].place, this.machine, options);
    this.panels.set(name, opening);
    this.#showPanel(name, true);
    try {
      await opening;
    } catch {
      this.panels.delete(name);
      this.#showPanel(name, false);
      this.notice(UPDATED);
    }
  }

  async #closePanel(name) {
    const opened = this.panels.get(name);
    this.panels.delete(name);
    this.#showPanel(name, false);
    (await opened).close();
  }

  #close() {
    this.frame.hidden = true;
    const opener = this.block.querySelector(".block-button");
    opener?.focus({ preventScroll: true });
    opener?.scrollIntoView({ block: "nearest" });
  }

  // --- The frame ---

  #build() {
    this.status = element("p", { className: "terminal-status" });
    this.obstacle = element("div", { className: "terminal-obstacle", role: "status" });
    this.question = element("div", { className: "terminal-question" });
    this.question.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#closeQuestion();
    });
    this.notices = element("div", { role: "status" });
    this.speech = element("div", { className: "only-spoken", role: "log" });
    this.speech.setAttribute("aria-label", "Output");
    this.screen = element("div", { className: "terminal-screen" });
    this.resetButton = button("Reset", () => this.#askReset());
    const taller = button("Taller", () => {
      this.screen.style.height = "";
      const isTall = this.screen.classList.toggle("is-tall");
      taller.setAttribute("aria-pressed", String(isTall));
    });
    taller.setAttribute("aria-pressed", "false");
    this.places = {};
    for (const name of Object.keys(PANELS)) {
      const place = element("div", { className: "terminal-panel", hidden: true });
      place.id = `terminal-${name.toLowerCase()}`;
      const toggle = button(name, () =>
        this.panels.has(name) ? this.#closePanel(name) : this.#openPanel(name),
      );
      toggle.setAttribute("aria-expanded", "false");
      toggle.setAttribute("aria-controls", place.id);
      this.places[name] = { place, toggle };
    }
    const places = Object.values(this.places);
    const bar = toolbar("Terminal", [
      button("Stop", () => this.#stop(), { title: "Stop the command (Ctrl-C)" }),
      button("Clear", () => {
        this.lines.clear();
        this.display.focus();
      }),
      this.resetButton,
      taller,
      ...places.map(({ toggle }) => toggle),
    ]);
    const close = button("Close", () => this.#close());
    const touch = touchKeys((data) => this.display.type(data));
    const hint = element("p", { className: "terminal-hint", id: "terminal-hint" }, HINT);
    this.frame = element(
      "section",
      { className: "course-terminal", "aria-label": "Terminal", tabIndex: -1 },
      element("div", { className: "terminal-head" }, this.status, bar, close),
      this.obstacle,
      this.question,
      this.notices,
      this.screen,
      touch,
      hint,
      this.speech,
      ...places.map(({ place }) => place),
    );
  }
}

// What is moved forgets how far it was scrolled.
function moveBelow(block, frame) {
  const scrolled = [...frame.querySelectorAll("*")]
    .filter(({ scrollTop, scrollLeft }) => scrollTop || scrollLeft)
    .map((one) => [one, one.scrollTop, one.scrollLeft]);
  block.after(frame);
  for (const [one, top, left] of scrolled) one.scrollTo({ top, left, behavior: "instant" });
}

function notRun(left) {
  return left === 1 ? "The last command was not run." : `${left} commands were not run.`;
}

function sessionStorageOrNone() {
  try {
    return sessionStorage;
  } catch {
    return { getItem: () => null, setItem() {} }; // The browser forbids it.
  }
}
