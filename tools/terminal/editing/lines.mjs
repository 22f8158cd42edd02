// What is typed into the terminal: it edits a line, draws it, and runs it. No DOM here.
//
// A terminal only shows what is written to it. So after each key the line is drawn anew: to the
// place where it began, erase what follows, the text, and back to where the cursor belongs.

import { isUnfinished } from "../shell/syntax.mjs";
import { History } from "./history.mjs";
import { inColumns, place, units, withoutColors } from "./width.mjs";

const TOKENS =
  /\x1b\[200~([\s\S]*?)\x1b\[201~|\x1b\[[\d;]*[A-Za-z~]|\x1bO[A-Z]|\x1b[\s\S]|[\x00-\x1f\x7f]|[^\x00-\x1f\x7f]+/g;
const INTERRUPT = "\x03";
const ENTER = "\r";
const ESCAPE = "\x1b";
const STAYS = "There is no shell to leave: the terminal stays open.";
const MOST_LISTED = 100;

// What a key does while a line is edited. Alt comes as an Escape before the key.
const KEYS = {
  "\r": "enter",
  "\n": "enter",
  "\t": "complete",
  "\x03": "cancel",
  "\x04": "end",
  "\x0c": "clear",
  "\x12": "search",
  "\x01": "toStart",
  "\x1b[H": "toStart",
  "\x1b[1~": "toStart",
  "\x05": "toEnd",
  "\x1b[F": "toEnd",
  "\x1b[4~": "toEnd",
  "\x02": "left",
  "\x1b[D": "left",
  "\x06": "right",
  "\x1b[C": "right",
  "\x1bb": "wordLeft",
  "\x1b[1;3D": "wordLeft",
  "\x1b[1;5D": "wordLeft",
  "\x1bf": "wordRight",
  "\x1b[1;3C": "wordRight",
  "\x1b[1;5C": "wordRight",
  "\x7f": "eraseLeft",
  "\b": "eraseLeft",
  "\x1b[3~": "eraseRight",
  "\x17": "cutWordLeft",
  "\x1b\x7f": "cutWordLeft",
  "\x1bd": "cutWordRight",
  "\x15": "cutToStart",
  "\x0b": "cutToEnd",
  "\x19": "paste",
  "\x10": "older",
  "\x1b[A": "older",
  "\x0e": "newer",
  "\x1b[B": "newer",
};

/** The keys in what xterm.js passes on. Pasted lines come as if they were typed one by one. */
export function tokens(data) {
  const found = [];
  for (const [token, pasted] of data.matchAll(TOKENS)) {
    if (pasted === undefined) {
      found.push(token.replace(/^\x1bO/, "\x1b["));
      continue;
    }
    const text = pasted.replace(/\r\n?/g, "\n").replace(/\t/g, "    ");
    const lines = text.replace(/[\x00-\x09\x0b-\x1f\x7f]/g, "").split("\n");
    lines.forEach((line, index) => {
      if (index) found.push(ENTER);
      if (line) found.push(line);
    });
  }
  return found;
}

export class Lines {
  /**
   * write(text)             what the terminal shows
   * columns()               its width
   * prompt()                what stands before a line, with its colors
   * run(line)               runs a line; the next prompt comes when the promise is fulfilled, but
   *                         with { gone: true } only when open() is called
   * answer(text)            the answer to a command that asks, with its line end; null for Ctrl-D
   * interrupt()             Ctrl-C while a command runs
   * complete(line, cursor)  a promise of { start, candidates }
   * announce(text)          what only a screen reader does not know: a line from the history
   * storage                 where the history is kept, such as sessionStorage
   */
  constructor(host) {
    this.host = host;
    this.history = new History(host.storage);
    this.mode = "busy"; // "line" and "answer" while the reader types one
    this.ahead = []; // keys that were typed while nobody read them
    this.cut = "";
    this.#begin("");
  }

  get isIdle() {
    return this.mode === "line" && !this.completing && !this.playing;
  }

  /** Take lines from now on; the first may have been begun. */
  open(draft = "") {
    this.#prompt();
    if (draft) this.#replace(draft);
    this.#catchUp();
  }

  /** Take no keys, until open() is called again. */
  close() {
    this.mode = "busy";
    this.ahead = [];
    this.completing = undefined;
  }

  /** A command asks. `shown` is the text before the cursor, as the terminal has it. */
  ask(shown, secret = false) {
    this.mode = "answer";
    this.#begin(shown, secret);
    if (place(shown, this.host.columns()).full) this.host.write(" \r");
    // What was typed ahead is a command, and no password: getpass() would drop it.
    if (!secret) this.#catchUp();
  }

  /**
   * Type `lines` and run each in turn, with `run`, up to the first that ends with neither 0 nor its
   * code in `codes`. Returns the last result, how many were run, and what the reader had been
   * typing. open() is left to the caller.
   */
  async play(lines, run, codes = []) {
    const draft = this.text;
    let count = 0;
    let result;
    this.playing = true;
    for (const line of lines) {
      if (count) this.#prompt();
      this.#replace(line);
      count += 1;
      result = await this.#run(run);
      if (result?.gone || (result?.code && result.code !== codes[count - 1])) break;
    }
    this.playing = false;
    return { result, count, draft };
  }

  /** Keys, as xterm.js passes them on. */
  feed(data) {
    for (const token of tokens(data)) this.#key(token);
    this.#draw();
  }

  /** Before the width changes: the line is taken away. `show` draws it again. */
  hide() {
    if (this.mode === "busy" || this.isHidden) return;
    this.host.write(`${up(this.cursorRow)}\r\x1b[J`);
    this.isHidden = true;
  }

  show() {
    this.dirty = true;
    this.#draw();
  }

  /** Clear the terminal, but for the line. */
  clear(sequence = "\x1b[H\x1b[2J\x1b[3J") {
    this.host.write(sequence);
    this.isHidden = true;
    this.show();
  }

  // --- Keys ---

  // What the names in KEYS stand for.
  static #ACTIONS = {
    enter: (it) => it.#enter(),
    complete: (it, wasTab) => it.#complete(wasTab),
    cancel: (it) => it.#cancel(),
    end: (it) => it.#end(),
    // What was there can still be scrolled to.
    clear: (it) => it.clear("\x1b[H\x1b[2J"),
    search: (it) => it.#search(),
    toStart: (it) => it.#move(0),
    toEnd: (it) => it.#move(it.text.length),
    left: (it) => it.#move(it.#before()),
    right: (it) => it.#move(it.#after()),
    wordLeft: (it) => it.#move(it.#wordBefore()),
    wordRight: (it) => it.#move(it.#wordAfter()),
    eraseLeft: (it) => it.#erase(it.#before(), it.cursor),
    eraseRight: (it) => it.#erase(it.cursor, it.#after()),
    // Ctrl-W takes what stands between two spaces, as in every shell.
    cutWordLeft: (it) => it.#cut(it.text.slice(0, it.cursor).search(/\S+\s*$|$/), it.cursor),
    cutWordRight: (it) => it.#cut(it.cursor, it.#wordAfter()),
    cutToStart: (it) => it.#cut(0, it.cursor),
    cutToEnd: (it) => it.#cut(it.cursor, it.text.length),
    paste: (it) => it.#insert(it.cut),
    older: (it) => it.#older(),
    newer: (it) => it.#newer(),
  };

  #key(token) {
    if (this.mode === "busy") {
      if (token === INTERRUPT) this.#interrupt();
      else this.ahead.push(token);
    } else if (this.completing) {
      this.ahead.push(token);
    } else if (this.searching) {
      this.#searchKey(token);
    } else {
      this.#edit(token);
    }
  }

  #catchUp() {
    while (this.ahead.length && this.mode !== "busy" && !this.completing) {
      this.#key(this.ahead.shift());
    }
    this.#draw();
  }

  #edit(token) {
    const action = KEYS[token];
    const wasTab = this.wasTab;
    this.wasTab = false;
    if (action) Lines.#ACTIONS[action](this, wasTab);
    else if (!token.startsWith(ESCAPE) && token >= " ") this.#insert(token);
  }

  #insert(text) {
    // A line copied from a page, with its prompt.
    if (this.mode === "line" && !this.text) text = text.replace(/^\$ /, "");
    this.text = this.text.slice(0, this.cursor) + text + this.text.slice(this.cursor);
    this.cursor += text.length;
    this.dirty = true;
  }

  #replace(text, cursor = text.length) {
    this.text = text;
    this.cursor = cursor;
    this.dirty = true;
    this.#draw();
  }

  #interrupt() {
    this.ahead = [];
    this.host.write("^C");
    this.host.interrupt();
  }

  #enter() {
    if (this.mode === "line" && isUnfinished(this.text)) {
      this.#replace(`${this.text}\n`);
    } else if (this.mode === "line") {
      this.#run(this.host.run).then((result) => result?.gone || this.open());
    } else {
      this.#finish();
      this.host.answer(`${this.text}\n`);
    }
  }

  async #run(run) {
    const line = this.text;
    this.#finish();
    this.history.add(line);
    return line.trim() ? run(line) : undefined;
  }

  #prompt() {
    this.mode = "line";
    this.#begin(this.host.prompt());
    this.host.write(this.shown);
  }

  // The line is complete: the cursor goes below it.
  #finish() {
    this.cursor = this.text.length;
    this.dirty = true;
    this.#draw();
    this.host.write("\n");
    this.mode = "busy";
  }

  #cancel() {
    if (this.mode === "answer") {
      this.mode = "busy";
      return this.#interrupt();
    }
    this.cursor = this.text.length;
    this.dirty = true;
    this.#draw();
    this.ahead = [];
    this.host.write("^C\n");
    this.history.leave();
    this.open();
  }

  #end() {
    if (this.text) return this.#erase(this.cursor, this.#after());
    if (this.mode === "answer") {
      this.mode = "busy";
      return this.host.answer(null);
    }
    this.host.write(`\n\x1b[2m${STAYS}\x1b[0m\n`);
    this.host.announce(STAYS);
    this.open();
  }

  // --- Moving and erasing ---

  #move(cursor) {
    this.cursor = cursor;
    this.dirty = true;
  }

  #before() {
    return this.cursor - (units(this.text.slice(0, this.cursor)).at(-1)?.length ?? 0);
  }

  #after() {
    return this.cursor + (units(this.text.slice(this.cursor))[0]?.length ?? 0);
  }

  #wordBefore() {
    return this.text.slice(0, this.cursor).search(/[\p{L}\p{N}_]+[^\p{L}\p{N}_]*$|$/u);
  }

  #wordAfter() {
    const [word] = this.text.slice(this.cursor).match(/^[^\p{L}\p{N}_]*[\p{L}\p{N}_]*/u);
    return this.cursor + word.length;
  }

  #erase(from, to) {
    const gone = this.text.slice(from, to);
    this.text = this.text.slice(0, from) + this.text.slice(to);
    this.#move(from);
    return gone;
  }

  #cut(from, to) {
    this.cut = this.#erase(from, to) || this.cut;
  }

  // --- History ---

  #recall(line) {
    if (this.mode !== "line" || line === undefined) return;
    this.#replace(line);
    this.host.announce(line);
  }

  #older() {
    if (this.mode === "line") this.#recall(this.history.older(this.text));
  }

  #newer() {
    if (this.mode === "line") this.#recall(this.history.newer());
  }

  // Ctrl-R: the newest line that holds what is typed; Ctrl-R again, the one before.
  #search() {
    if (this.mode !== "line") return;
    this.searching = { query: "", draft: this.text, index: undefined };
    this.#showSearch("");
  }

  #showSearch(line) {
    this.hide();
    this.shown = this.searching ? `(search)'${this.searching.query}': ` : this.host.prompt();
    this.text = line;
    this.cursor = line.length;
    this.show();
  }

  #searchKey(token) {
    const search = this.searching;
    const action = KEYS[token];
    if (action === "search" || action === "eraseLeft" || (!action && token >= " ")) {
      if (action === "eraseLeft") search.query = search.query.slice(0, -1);
      if (!action) search.query += token;
      const from = action === "search" ? search.index : undefined;
      const found = search.query ? this.history.find(search.query, from) : undefined;
      if (found) search.index = found.index;
      this.#showSearch(found ? found.line : this.text);
      if (found) this.host.announce(found.line);
      return;
    }
    this.searching = undefined;
    const isGivenUp = action === "cancel" || token === "\x07";
    this.#showSearch(isGivenUp ? search.draft : this.text);
    if (!isGivenUp && token !== ESCAPE) this.#edit(token);
  }

  // --- Completion ---

  async #complete(wasTab) {
    if (this.mode !== "line") return;
    this.wasTab = true;
    const completing = (this.completing = {});
    this.#draw();
    let found;
    try {
      found = await this.host.complete(this.text, this.cursor);
    } catch {
      found = { start: this.cursor, candidates: [] }; // The machine is on its way out, and says so.
    }
    if (this.completing !== completing) return; // The line has gone meanwhile.
    this.completing = undefined;
    this.#useCandidates(found, wasTab);
    this.#catchUp();
  }

  #useCandidates({ start, candidates }, wasTab) {
    const typed = this.text.slice(start, this.cursor);
    const common = candidates.length ? candidates.reduce(commonStart) : "";
    if (candidates.length === 1) {
      const [candidate] = candidates;
      const isWhole = !/[\s/=]$/.test(candidate) && this.text[this.cursor] !== " ";
      this.#putWord(start, isWhole ? `${candidate} ` : candidate);
    } else if (common.length > typed.length) {
      this.#putWord(start, common);
    } else if (candidates.length && wasTab) {
      this.#list(candidates);
    }
  }

  #putWord(start, candidate) {
    const rest = this.text.slice(this.cursor);
    this.#replace(this.text.slice(0, start) + candidate + rest, start + candidate.length);
    this.host.announce(candidate);
  }

  #list(candidates) {
    // Of a path, the last part tells one from another.
    const names = candidates.map(
      (candidate) => candidate.trim().match(/[^/]*\/?$/)[0] || candidate,
    );
    const listed = inColumns(names.slice(0, MOST_LISTED), this.host.columns());
    if (names.length > MOST_LISTED) listed.push(`… and ${names.length - MOST_LISTED} more`);
    const cursor = this.cursor;
    this.#move(this.text.length);
    this.#draw();
    this.host.write(`\n${listed.join("\n")}\n`);
    this.host.announce(names.slice(0, 20).join(", "));
    this.cursor = cursor;
    this.isHidden = true;
    this.show();
  }

  // --- Drawing ---

  #begin(shown, secret = false) {
    this.shown = shown;
    this.secret = secret;
    this.text = "";
    this.cursor = 0;
    this.searching = undefined;
    this.wasTab = false;
    this.dirty = false;
    this.isHidden = false;
    this.cursorRow = place(withoutColors(shown), this.host.columns()).row;
  }

  #draw() {
    if (!this.dirty || this.mode === "busy") return;
    this.dirty = false;
    const before = withoutColors(this.shown);
    const columns = this.host.columns();
    const start = place(before, columns);
    if (this.isHidden) {
      this.isHidden = false;
      this.host.write(this.shown + (start.full ? " \r" : ""));
      this.cursorRow = start.row;
    }
    if (this.secret) return;
    const end = place(before + this.text, columns);
    const cursor = place(before + this.text.slice(0, this.cursor), columns);
    this.host.write(
      up(this.cursorRow - start.row) +
        `\r${right(start.column)}\x1b[J` +
        this.text.replaceAll("\n", "\n> ") +
        // A full row: a space takes the terminal to the next one.
        (end.full ? " \r" : "") +
        up(end.row - cursor.row) +
        `\r${right(cursor.column)}`,
    );
    this.cursorRow = cursor.row;
  }
}

function up(rows) {
  return rows > 0 ? `\x1b[${rows}A` : "";
}

function right(columns) {
  return columns > 0 ? `\x1b[${columns}C` : "";
}

function commonStart(one, other) {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return one.slice(0, length);
}
