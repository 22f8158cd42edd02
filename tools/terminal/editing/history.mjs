// The lines that were run, newest last. They are kept in what sessionStorage is to a page.

const KEY = "terminal-history";
const MOST = 200;

export class History {
  constructor(storage) {
    this.storage = storage;
    this.lines = [];
    try {
      const kept = JSON.parse(storage.getItem(KEY));
      if (Array.isArray(kept)) this.lines = kept.filter((line) => typeof line === "string");
    } catch {
      // Storage is forbidden, or something else wrote there: the history begins anew.
    }
    this.leave();
  }

  add(line) {
    if (line.trim() && line !== this.lines.at(-1)) this.lines.push(line);
    this.lines = this.lines.slice(-MOST);
    this.leave();
    try {
      this.storage.setItem(KEY, JSON.stringify(this.lines));
    } catch {
      // The storage is full: the history lasts as long as the page.
    }
  }

  /** Back to the line that is being typed. */
  leave() {
    this.index = this.lines.length;
    this.draft = "";
  }

  /**
   * The line before, or undefined. `draft` is what stands there now; going down brings it back.
   */
  older(draft) {
    if (this.index === 0) return undefined;
    if (this.index === this.lines.length) this.draft = draft;
    this.index -= 1;
    return this.lines[this.index];
  }

  newer() {
    if (this.index === this.lines.length) return undefined;
    this.index += 1;
    return this.index === this.lines.length ? this.draft : this.lines[this.index];
  }

  /** The newest line before `index` that holds `text`: { line, index }, or undefined. */
  find(text, index = this.lines.length) {
    while (--index >= 0) {
      if (this.lines[index].includes(text)) return { line: this.lines[index], index };
    }
    return undefined;
  }
}
