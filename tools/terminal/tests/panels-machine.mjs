// What machine.mjs offers to the panels, without Python: files and tables that a test changes.

export class PanelsMachine extends EventTarget {
  constructor(originals, tables = []) {
    super();
    this.originals = new Map(Object.entries(originals));
    this.files = new Map(this.originals);
    this.shop = tables;
    this.written = []; // what write() was called with
    this.failing = null; // a sentence: write() and tables() fail with it
  }

  become(state) {
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }

  async paths() {
    if (this.failing) throw new Error(this.failing);
    return [...this.files.keys()].sort();
  }

  async changes() {
    const paths = new Set([...this.originals.keys(), ...this.files.keys()]);
    const changes = new Map();
    for (const path of paths) {
      const original = this.originals.get(path) ?? null;
      const current = this.files.get(path) ?? null;
      if (original !== current) changes.set(path, { original, current });
    }
    return changes;
  }

  async original(path) {
    return this.originals.get(path) ?? null;
  }

  async current(path) {
    return this.files.get(path) ?? null;
  }

  async write(path, text) {
    if (this.failing) throw new Error(this.failing);
    this.written.push([path, text]);
    this.set(path, text ?? this.originals.get(path) ?? null);
    this.dispatchEvent(new Event("files"));
  }

  async tables() {
    if (this.failing) throw new Error(this.failing);
    return structuredClone(this.shop);
  }

  /** As a command would: files (null: deleted) and tables are others afterwards. */
  command(files = {}, tables = this.shop) {
    for (const [path, text] of Object.entries(files)) this.set(path, text);
    this.shop = tables;
    if (Object.keys(files).length) this.dispatchEvent(new Event("files"));
    this.dispatchEvent(new Event("done"));
  }

  set(path, text) {
    if (text === null) this.files.delete(path);
    else this.files.set(path, text);
  }
}
