// xterm.js: how it is set up, how large it is, and which keys it gets.

import { widthOf } from "../editing/width.mjs";
import { schemes } from "./colors.mjs";

// There Ctrl-C copies nothing.
const IS_MAC = /Mac|iP/.test(navigator.platform);

export class Display {
  /**
   * keys(data)                  what is typed or pasted
   * escape()                    Escape was pressed: Tab leaves the terminal now
   * beforeResize, afterResize   around each change of the width
   */
  constructor(place, Terminal, FitAddon, host) {
    this.place = place;
    this.host = host;
    const { fontFamily, fontSize } = getComputedStyle(this.place);
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
    this.terminal.open(this.place);
    // Pasted text is marked as such.
    this.terminal.write("\x1b[?2004h");
    this.terminal.onData((data) => host.keys(data));
    this.terminal.attachCustomKeyEventHandler((event) => this.#isForTerminal(event));
    // Its tree of rows can be read. What it would say itself, at once and key by key, we say.
    this.place.querySelector(".live-region").setAttribute("aria-live", "off");
    const { textarea } = this.terminal;
    // With that tree xterm.js leaves out what comes without a key: dictation, a picker of emoji.
    textarea.addEventListener("input", ({ inputType, data, isComposing }) => {
      if (inputType === "insertText" && data && !this.isKeyDown && !isComposing) {
        this.type(data);
      }
    });
    textarea.setAttribute("aria-label", "Terminal input");
    textarea.setAttribute("aria-describedby", "terminal-hint");
    scrollByTouch(this.place, this.terminal);
    new ResizeObserver(() => this.fit()).observe(this.place);
    const scheme = { attributeFilter: ["data-md-color-scheme"] };
    new MutationObserver(() => this.#showColors()).observe(document.body, scheme);
    this.#showColors();
  }

  /** A part of a page may have a scheme of its own, such as the top of the home page. */
  #showColors() {
    const colors = colorsOf(this.place.closest("[data-md-color-scheme]") ?? document.body);
    if (colors === this.colors) return;
    this.colors = colors;
    this.terminal.options.theme = colors;
    this.place.style.backgroundColor = colors.background;
  }

  /** The line is taken away while the width changes: xterm.js would break it in its own way. */
  async fit() {
    if (this.isFitting || !this.place.clientWidth) return;
    this.#showColors(); // it may have moved
    const size = parseFloat(getComputedStyle(this.place).fontSize);
    if (this.terminal.options.fontSize !== size) this.terminal.options.fontSize = size;
    const { cols = 20, rows = 4 } = this.fitting.proposeDimensions() ?? {};
    const [columns, lines] = [Math.max(20, cols), Math.max(4, rows)];
    if (columns === this.terminal.cols && lines === this.terminal.rows) return;
    this.isFitting = true;
    this.host.beforeResize();
    await this.written();
    this.terminal.resize(columns, lines);
    this.host.afterResize();
    this.isFitting = false;
    this.fit(); // it may have changed again
  }

  // Whether a key goes to the terminal; else it does what it does in the page.
  #isForTerminal(event) {
    this.isKeyDown = event.type !== "keyup";
    if (event.type !== "keydown") return true;
    const { key, shiftKey, altKey } = event;
    const isControl = (event.ctrlKey || event.metaKey) && !altKey;
    const wasEscape = this.wasEscape;
    if (key !== "Shift") this.wasEscape = key === "Escape";
    if (key === "Escape") this.host.escape();
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

  // --- For the view ---

  get size() {
    return { columns: this.terminal.cols, rows: this.terminal.rows };
  }

  write(data) {
    this.terminal.write(data);
  }

  /** After all that was given to xterm.js is on the screen. */
  written() {
    return new Promise((resolve) => this.terminal.write("", resolve));
  }

  startOfLine() {
    if (this.terminal.buffer.active.cursorX > 0) this.terminal.write("\n");
  }

  /** The text of the line up to the cursor, over all its rows. */
  beforeCursor() {
    const { active } = this.terminal.buffer;
    let row = active.baseY + active.cursorY;
    let text = active.getLine(row).translateToString(false, 0, active.cursorX);
    while (row > 0 && active.getLine(row).isWrapped) {
      row -= 1;
      text = active.getLine(row).translateToString(false) + text;
    }
    return text;
  }

  /** As if the reader had typed it. */
  type(data) {
    this.terminal.input(data);
  }

  scrollToBottom() {
    this.terminal.scrollToBottom();
  }

  focus() {
    this.terminal.textarea.focus({ preventScroll: true });
  }
}

// xterm.js counts as width.mjs does.
class Widths {
  static version = "ours";
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

function colorsOf(element) {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  return schemes[element.dataset.mdColorScheme] ?? (dark ? schemes.slate : schemes.default);
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
    const canScroll = distance < 0 ? viewportY > 0 : viewportY < baseY;
    if (distance) isOurs ??= event.cancelable && canScroll;
    if (!isOurs) return;
    event.preventDefault();
    if (!rows) return;
    terminal.scrollLines(rows);
    last = event.touches[0].clientY;
  };
  screen.addEventListener("touchmove", move, { passive: false });
}
