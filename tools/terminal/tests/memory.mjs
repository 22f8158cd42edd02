// A file system in memory with the part of Emscripten's interface that the shell uses, and a shell
// on it whose Python is a function of the test.

import { Shell } from "../shell/shell.mjs";
import { find } from "./packages.mjs";

const [DENIED, EXISTS, IS_FOLDER, MISSING, NO_FOLDER, NOT_EMPTY] = [2, 20, 31, 44, 54, 55];

class ErrnoError extends Error {
  constructor(errno) {
    super("FS error");
    this.errno = errno;
  }
}

export class MemoryFS {
  constructor(files = {}) {
    this.root = folder();
    for (const name of ["/course", "/tmp", "/lib"]) this.mkdir(name);
    for (const [path, text] of Object.entries(files)) {
      const whole = path.startsWith("/") ? path : `/course/${path}`;
      const names = whole.split("/").slice(1, -1);
      names.forEach((_, index) => {
        const above = `/${names.slice(0, index + 1).join("/")}`;
        if (!this.analyzePath(above).exists) this.mkdir(above);
      });
      if (!whole.endsWith("/")) this.writeFile(whole, text);
    }
  }

  #node(path) {
    let node = this.root;
    for (const name of path.split("/").filter(Boolean)) {
      if (!node.children) throw new ErrnoError(NO_FOLDER);
      node = node.children.get(name);
      if (!node) throw new ErrnoError(MISSING);
    }
    return node;
  }

  #place(path) {
    const [, above, name] = path.match(/^(.*)\/([^/]+)$/);
    const parent = this.#node(above);
    if (!parent.children) throw new ErrnoError(NO_FOLDER);
    return [parent, name];
  }

  stat(path) {
    const node = this.#node(path);
    const mode = node.children ? 0o40755 : 0o100644;
    return { mode, size: node.bytes?.length ?? 4096, mtime: node.mtime };
  }

  isDir(mode) {
    return (mode & 0o170000) === 0o40000;
  }

  analyzePath(path) {
    try {
      this.#node(path);
      return { exists: true };
    } catch {
      return { exists: false };
    }
  }

  readdir(path) {
    const { children } = this.#node(path);
    if (!children) throw new ErrnoError(NO_FOLDER);
    return [".", "..", ...children.keys()];
  }

  readFile(path, { encoding } = {}) {
    const { bytes, children } = this.#node(path);
    if (children) throw new ErrnoError(IS_FOLDER);
    return encoding ? new TextDecoder().decode(bytes) : bytes.slice();
  }

  writeFile(path, data, { flags } = {}) {
    const [parent, name] = this.#place(path);
    const node = parent.children.get(name) ?? { bytes: new Uint8Array(0) };
    if (node.children) throw new ErrnoError(IS_FOLDER);
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data.slice();
    node.bytes = flags === "a" ? Buffer.concat([node.bytes, bytes]) : bytes;
    node.mtime = new Date();
    parent.children.set(name, node);
  }

  utime(path, _, modified) {
    this.#node(path).mtime = new Date(modified);
  }

  mkdir(path) {
    const [parent, name] = this.#place(path);
    if (parent.children.has(name)) throw new ErrnoError(EXISTS);
    parent.children.set(name, folder());
  }

  unlink(path) {
    const [parent, name] = this.#place(path);
    if (this.#node(path).children) throw new ErrnoError(IS_FOLDER);
    parent.children.delete(name);
  }

  rmdir(path) {
    const [parent, name] = this.#place(path);
    const { children } = this.#node(path);
    if (!children) throw new ErrnoError(NO_FOLDER);
    if (children.size) throw new ErrnoError(NOT_EMPTY);
    parent.children.delete(name);
  }

  rename(from, to) {
    const node = this.#node(from);
    const [oldParent, oldName] = this.#place(from);
    const [parent, name] = this.#place(to);
    if (parent.children.get(name)?.children?.size) throw new ErrnoError(NOT_EMPTY);
    oldParent.children.delete(oldName);
    parent.children.set(name, node);
  }

  /** A file that cannot be written any more. */
  full(error = DENIED) {
    this.writeFile = () => {
      throw new ErrnoError(error);
    };
  }
}

function folder() {
  return { children: new Map(), mtime: new Date() };
}

/** What is written, as text; `order` has both streams as they came. */
export class Output {
  constructor({ terminal = false, order = [], limit = Infinity } = {}) {
    Object.assign(this, { terminal, order, limit, bytes: 0, pieces: [] });
  }

  write(bytes) {
    this.bytes += bytes.length;
    if (this.bytes > this.limit) throw Object.assign(new Error("gone"), { closed: true });
    this.pieces.push(Buffer.from(bytes));
    this.order.push(Buffer.from(bytes));
  }

  get text() {
    return Buffer.concat(this.pieces).toString();
  }
}

/** The keyboard: each read() gets the next of these lines, then waits for ever. */
export function keyboard(...lines) {
  return {
    terminal: true,
    read: () => (lines.length ? Promise.resolve(toBytes(lines.shift())) : new Promise(() => {})),
  };
}

const toBytes = (text) => (text === null ? null : new TextEncoder().encode(text));

/**
 * python: (argv, { read, print, warn, env, cwd, signal }) -> exit code; read() is all of stdin.
 */
export function makeShell({
  files = {},
  python = () => 0,
  FS = new MemoryFS(files),
  ...more
} = {}) {
  const spawn = async (argv, streams) => {
    const text = (data) => (typeof data === "string" ? new TextEncoder().encode(data) : data);
    return python(argv, {
      ...streams,
      print: (data) => streams.stdout.write(text(data)),
      warn: (data) => streams.stderr.write(text(data)),
      line: () => {
        const bytes = streams.stdin.readNow();
        return bytes && new TextDecoder().decode(bytes);
      },
      read: () => {
        const pieces = [];
        for (let bytes; (bytes = streams.stdin.readNow()); ) pieces.push(Buffer.from(bytes));
        return Buffer.concat(pieces).toString();
      },
    });
  };
  return new Shell({ FS, spawn, home: "/course", diff: async () => find("diff"), ...more });
}

/** Run a line; return what came of it. */
export async function run(shell, line, { stdin, terminal = false, limit, columns } = {}) {
  const order = [];
  const [stdout, stderr] = [
    new Output({ terminal, order, limit }),
    new Output({ terminal, order }),
  ];
  const empty = { terminal: false, read: async () => null, readNow: () => null };
  const code = await shell.run(line, { stdin: stdin ?? empty, stdout, stderr, columns });
  return { code, out: stdout.text, err: stderr.text, all: Buffer.concat(order).toString() };
}
