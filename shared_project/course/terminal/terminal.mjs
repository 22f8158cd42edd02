// The terminal as the reader sees it: xterm.js in a frame with buttons. It shows what the machine
// says; what is typed goes to lines.mjs.

import { schemes } from "./colors.mjs";
import { button, element } from "./elements.mjs";
import { Lines } from "./lines.mjs";
import { Spoken } from "./spoken.mjs";
import { widthOf } from "./width.mjs";

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
  Files: async (place, machine) => (await import("./editor.mjs")).openFiles(place, machine),
  Database: async (place, machine) => (await import("./database.mjs")).openDatabase(place, machine),
};
// What a touch keyboard lacks: what is on the key, its name, and what it types.
const TOUCH_KEYS = [
  ["Tab", "Tab", "\t"],
  ["Ctrl-C", "Ctrl-C", "\x03"],
  ["↑", "Up, the line before", "\x1b[A"],
  ["↓", "Down, the next line", "\x1b[B"],
];
// There Ctrl-C copies nothing.
const IS_MAC = /Mac|iP/.test(navigator.platform);
const SPEAK_AFTER = 400; // milliseconds
const KEPT_SPEECH = 10;

export class TerminalView {
  constructor(machine, Terminal, FitAddon, block) {
    this.machine = machine;
    this.spoken = new Spoken();
    this.panels = new Map();
    this.#build();
    block.after(this.frame); // xterm.js measures its letters, so it must be in the page
    this.#openTerminal(Terminal, FitAddon);
    this.lines = new Lines({
      write: (text) => this.terminal.write(text),
      columns: () => this.terminal.cols,
      prompt: () => this.#prompt(),
      run: async (line) => {
        const result = await this.#execute(line, true);
        setTimeout(() => this.#runWanted());
        return result;
      },
      answer: (text) => machine.input(text),
      interrupt: () => machine.interrupt(),
      complete: (line, cursor) => machine.complete(line, cursor),
      say: (text) => this.#say(text),
      storage: sessionStorageOrNone(),
    });
    this.#listen();
    this.#showState();
  }

  // Move the terminal below `block`, and the focus into it.
  showBelow(block) {
    this.block = block;
    if (block.nextElementSibling !== this.frame) block.after(this.frame);
    this.frame.hidden = false;
    this.#fit();
    // On a phone the focus in the terminal would bring up the keyboard, over the output.
    if (matchMedia("(pointer: coarse)").matches) this.frame.focus({ preventScroll: true });
    else this.#focus();
    this.frame.scrollIntoView({ block: "nearest" });
  }

  // Run `commands` one after another as soon as the machine is free.
  run(commands, onTerminal) {
    this.wanted = { commands, onTerminal };
    this.terminal.scrollToBottom();
    this.#connect();
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
      this.#startOfLine();
      this.lines.open();
    }
    this.#runWanted();
  }

  async #runWanted() {
    if (!this.wanted || !this.lines.isIdle || this.machine.state !== "ready") return;
    const { commands, onTerminal } = this.wanted;
    this.wanted = undefined;
    const execute = (line) => this.#execute(line, onTerminal);
    const { result, count, draft } = await this.lines.play(commands, execute);
    if (result?.gone) return;
    const left = commands.length - count;
    if (left) this.#remark(`Stopped here: exit code ${result.code}. ${notRun(left)}`);
    this.lines.open(draft);
    this.#runWanted();
  }

  async #execute(line, onTerminal) {
    this.executing = true;
    this.spoken.begin();
    const { cols: columns, rows } = this.terminal;
    try {
      const { code, note } = await this.machine.exec(line, { columns, rows, terminal: onTerminal });
      await this.#written();
      this.#startOfLine();
      if (note) this.#remark(note);
      this.#say(this.spoken.end(code));
      return { code, gone: this.machine.state !== "ready" };
    } catch (error) {
      await this.#written();
      this.#startOfLine();
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
      this.terminal.write(data);
      this.spoken.write(decoder.decode(data, { stream: true }));
      this.speaking ??= setTimeout(() => this.#speak(), SPEAK_AFTER);
    });
    on("ask", ({ secret }) => {
      this.#showState(secret ? "Waiting for your answer, which stays hidden" : undefined);
      this.terminal.write("", () => {
        this.#speak(true);
        this.lines.ask(this.#beforeCursor(), secret);
      });
    });
    on("progress", ({ text }) => {
      this.progress = text;
      this.#showState();
      this.#say(text);
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
    const folder = this.machine.cwd.replace(/^\/course\/?/, "");
    return `${folder && `\x1b[36m${folder}\x1b[0m `}\x1b[1;32m$\x1b[0m `;
  }

  // After all that was given to xterm.js is on the screen.
  #written() {
    return new Promise((resolve) => this.terminal.write("", resolve));
  }

  #startOfLine() {
    if (this.terminal.buffer.active.cursorX > 0) this.terminal.write("\n");
  }

  #remark(text) {
    this.terminal.write(`\x1b[33m${text}\x1b[0m\n`);
    this.#say(text);
  }

  // The text of the line up to the cursor, over all its rows.
  #beforeCursor() {
    const { active } = this.terminal.buffer;
    let row = active.baseY + active.cursorY;
    let text = active.getLine(row).translateToString(false, 0, active.cursorX);
    while (row > 0 && active.getLine(row).isWrapped) {
      row -= 1;
      text = active.getLine(row).translateToString(false) + text;
    }
    return text;
  }

  // --- What is said ---

  #speak(isWaiting = false) {
    clearTimeout(this.speaking);
    this.speaking = undefined;
    this.#say(this.spoken.take(isWaiting));
  }

  #say(text) {
    if (!text) return;
    this.speech.append(element("p", {}, text));
    while (this.speech.children.length > KEPT_SPEECH) this.speech.firstChild.remove();
  }

  // --- States and notices ---

  #showState(words) {
    const { state, code } = this.machine;
    this.frame.dataset.state = state;
    let text = words ?? STATES[state];
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
    const act = (start) => {
      this.#connect(start);
      this.#focus();
    };
    this.obstacle.append(element("p", {}, shown));
    if (state === "elsewhere") {
      this.obstacle.append(button("Use it here", () => act(() => this.machine.takeOver())));
    } else {
      this.obstacle.append(button("Try again", () => act()));
      this.obstacle.append(button("Reload the page", () => location.reload()));
    }
  }

  notice(text) {
    const notice = element("div", { className: "terminal-notice" }, element("p", {}, text));
    notice.append(
      button("Dismiss", () => {
        notice.remove();
        this.#focus();
      }),
    );
    this.notices.append(notice);
  }

  // --- Buttons ---

  #stop() {
    this.wanted = undefined;
    this.lines.feed("\x03");
    this.#showState();
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
      this.#startOfLine();
      this.#remark("Every file and the database are as they came.");
    } catch (error) {
      this.#fail(error);
    }
    this.resetting = false;
    await this.#written();
    this.#takeLines();
  }

  async #toggle(name, toggle, place) {
    const opened = this.panels.get(name);
    const show = (isOpen) => {
      place.hidden = !isOpen;
      toggle.setAttribute("aria-expanded", String(isOpen));
    };
    if (opened) {
      this.panels.delete(name);
      show(false);
      return (await opened).close();
    }
    const opening = PANELS[name](place, this.machine);
    this.panels.set(name, opening);
    show(true);
    try {
      await opening;
    } catch {
      this.panels.delete(name);
      show(false);
      this.notice(UPDATED);
    }
  }

  #close() {
    this.frame.hidden = true;
    const run = this.block.querySelector(".run-button");
    run?.focus({ preventScroll: true });
    run?.scrollIntoView({ block: "nearest" });
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
    const places = [];
    const panels = Object.keys(PANELS).map((name) => {
      const place = element("div", { className: "terminal-panel", hidden: true });
      place.id = `terminal-${name.toLowerCase()}`;
      places.push(place);
      const toggle = button(name, () => this.#toggle(name, toggle, place));
      toggle.setAttribute("aria-expanded", "false");
      toggle.setAttribute("aria-controls", place.id);
      return toggle;
    });
    const bar = toolbar("Terminal", [
      button("Stop", () => this.#stop(), { title: "Stop the command (Ctrl-C)" }),
      button("Clear", () => {
        this.lines.clear();
        this.#focus();
      }),
      this.resetButton,
      taller,
      ...panels,
    ]);
    const close = button("Close", () => this.#close());
    const keys = TOUCH_KEYS.map(([shown, name, data]) => {
      const key = button(shown, () => this.terminal.input(data), { "aria-label": name });
      // The focus stays where it is, and with it the keyboard on the screen.
      key.addEventListener("pointerdown", (event) => event.preventDefault());
      return key;
    });
    const touch = toolbar("Keys", keys);
    touch.classList.add("terminal-keys");
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
      ...places,
    );
  }

  #openTerminal(Terminal, FitAddon) {
    const { fontFamily, fontSize } = getComputedStyle(this.screen);
    this.terminal = new Terminal({
      allowProposedApi: true, // for `unicode`
      convertEol: true,
      cursorBlink: false,
      drawBoldTextInBrightColors: false,
      fontFamily,
      fontSize: parseFloat(fontSize),
      lineHeight: 1.15,
      minimumContrastRatio: 4.5,
      screenReaderMode: true,
      scrollback: 5000,
      scrollOnEraseInDisplay: true,
    });
    this.terminal.unicode.register(new Widths());
    this.terminal.unicode.activeVersion = Widths.version;
    this.fitting = new FitAddon();
    this.terminal.loadAddon(this.fitting);
    this.terminal.open(this.screen);
    // Pasted text is marked as such.
    this.terminal.write("\x1b[?2004h");
    this.terminal.onData((data) => this.lines.feed(data));
    this.terminal.attachCustomKeyEventHandler((event) => this.#isForTerminal(event));
    // Its tree of rows can be read. What it would say itself, at once and key by key, we say.
    this.screen.querySelector(".live-region").setAttribute("aria-live", "off");
    const { textarea } = this.terminal;
    // With that tree xterm.js leaves out what comes without a key: dictation, a picker of emoji.
    textarea.addEventListener("input", ({ inputType, data, isComposing }) => {
      if (inputType === "insertText" && data && !this.isKeyDown && !isComposing) {
        this.terminal.input(data);
      }
    });
    textarea.setAttribute("aria-label", "Terminal input");
    textarea.setAttribute("aria-describedby", "terminal-hint");
    scrollByTouch(this.screen, this.terminal);
    new ResizeObserver(() => this.#fit()).observe(this.screen);
    const scheme = { attributeFilter: ["data-md-color-scheme"] };
    new MutationObserver(() => this.#showColors()).observe(document.body, scheme);
    this.#showColors();
  }

  #showColors() {
    const colors = currentColors();
    this.terminal.options.theme = colors;
    this.screen.style.backgroundColor = colors.background;
  }

  // The line is taken away while the width changes: xterm.js would break it in its own way.
  async #fit() {
    if (this.frame.hidden || !this.lines) return;
    const size = parseFloat(getComputedStyle(this.screen).fontSize);
    if (this.terminal.options.fontSize !== size) this.terminal.options.fontSize = size;
    const wanted = this.fitting.proposeDimensions();
    if (!wanted?.cols || this.fitted === `${wanted.cols} ${wanted.rows}`) return;
    this.fitted = `${wanted.cols} ${wanted.rows}`;
    this.lines.hide();
    await this.#written();
    this.terminal.resize(Math.max(20, wanted.cols), Math.max(4, wanted.rows));
    this.lines.show();
  }

  // Whether a key goes to the terminal; else it does what it does in the page.
  #isForTerminal(event) {
    this.isKeyDown = event.type !== "keyup";
    if (event.type !== "keydown") return true;
    const { key, shiftKey, altKey } = event;
    const isControl = (event.ctrlKey || event.metaKey) && !altKey;
    const wasEscape = this.wasEscape;
    if (key !== "Shift") this.wasEscape = key === "Escape";
    if (key === "Escape") this.#say("Tab leaves the terminal now.");
    if (key === "Tab") return !(wasEscape || shiftKey);
    if (key === "PageUp" || key === "PageDown") {
      this.terminal.scrollPages(key === "PageUp" ? -1 : 1);
      event.preventDefault();
      return false;
    }
    const isCopy = isControl && key === "c" && !IS_MAC;
    if (isCopy && this.terminal.hasSelection()) {
      setTimeout(() => this.terminal.clearSelection()); // after the browser has copied it
      return false;
    }
    const isZoom = isControl && "+-=0".includes(key);
    return !(isZoom || (isControl && key.toLowerCase() === "v") || /^F\d+$/.test(key));
  }

  #focus() {
    this.terminal.textarea.focus({ preventScroll: true });
  }
}

// xterm.js counts as width.mjs does.
class Widths {
  static version = "course";
  version = Widths.version;

  wcwidth(code) {
    return widthOf(String.fromCodePoint(code));
  }

  // Its form is xterm.js's own: a state (none here), the width, and whether the character joins
  // the one before, whose properties are `preceding`.
  charProperties(code, preceding) {
    let width = this.wcwidth(code);
    const before = (preceding >> 1) & 3;
    const joins = width === 0 && before > 0;
    if (joins) width = before;
    return (width << 1) | (joins ? 1 : 0);
  }
}

function currentColors() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  return schemes[document.body.dataset.mdColorScheme] ?? (dark ? schemes.slate : schemes.default);
}

// A finger scrolls what xterm.js leaves to the wheel. At the end of it, the finger has the page.
function scrollByTouch(screen, terminal) {
  let last;
  let isOurs;
  screen.addEventListener("touchstart", ({ touches }) => {
    last = touches.length === 1 ? touches[0].clientY : undefined;
    isOurs = undefined;
  });
  const move = (event) => {
    if (last === undefined) return;
    const distance = last - event.touches[0].clientY;
    const rows = Math.trunc(distance / (screen.clientHeight / terminal.rows));
    const { viewportY, baseY } = terminal.buffer.active;
    if (distance) isOurs ??= event.cancelable && (distance < 0 ? viewportY > 0 : viewportY < baseY);
    if (!isOurs) return;
    event.preventDefault();
    if (!rows) return;
    terminal.scrollLines(rows);
    last = event.touches[0].clientY;
  };
  screen.addEventListener("touchmove", move, { passive: false });
}

// A row of buttons that is one stop of the Tab key; the arrow keys go along it.
function toolbar(name, buttons) {
  const bar = element("div", { role: "toolbar", "aria-label": name }, ...buttons);
  const choose = (chosen) => {
    for (const one of buttons) one.tabIndex = one === chosen ? 0 : -1;
  };
  choose(buttons[0]);
  bar.className = "terminal-buttons";
  bar.addEventListener("focusin", ({ target }) => choose(target));
  bar.addEventListener("keydown", (event) => {
    const last = buttons.length - 1;
    const index = buttons.indexOf(event.target);
    const next = {
      ArrowLeft: index === 0 ? last : index - 1,
      ArrowRight: index === last ? 0 : index + 1,
      Home: 0,
      End: last,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    buttons[next].focus();
  });
  return bar;
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
