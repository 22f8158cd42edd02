// Emscripten's file system as the builtins see it: paths relative to a folder, errors
// with the sentences of Linux.

const TEXTS = {
  2: "Permission denied",
  10: "Device or resource busy",
  20: "File exists",
  28: "Invalid argument",
  31: "Is a directory",
  32: "Too many levels of symbolic links",
  37: "File name too long",
  44: "No such file or directory",
  51: "No space left on device",
  54: "Not a directory",
  55: "Directory not empty",
  63: "Operation not permitted",
  69: "Read-only file system",
  75: "Invalid cross-device link",
};
export const MISSING = 44;
export const EXISTS = 20;
export const IS_FOLDER = 31;
const DENIED = 2;
const BUSY = 10;
const NO_FOLDER = 54;

export class FileError extends Error {
  constructor(errno) {
    super(TEXTS[errno] ?? `Error ${errno}`);
    this.errno = errno;
  }
}

/** Return the path without "." and "..", from the root. */
export function resolve(cwd, path) {
  const names = [];
  for (const name of (path.startsWith("/") ? path : `${cwd}/${path}`).split("/")) {
    if (name === "..") names.pop();
    else if (name && name !== ".") names.push(name);
  }
  return `/${names.join("/")}`;
}

export const baseName = (path) => path.replace(/(.)\/+$/, "$1").match(/[^/]*$/)[0] || "/";
export const joined = (folder, name) => (folder.endsWith("/") ? folder : `${folder}/`) + name;

export class Files {
  /**
   * writable: the folders in which the learner may change something. The rest, Python's own
   * files among it, is there to be read.
   */
  constructor(FS, writable) {
    this.FS = FS;
    this.writable = writable;
  }

  /** Run what touches the file system; every error that it raises becomes a FileError. */
  attempt(work) {
    try {
      return work();
    } catch (error) {
      if (error instanceof FileError || typeof error?.errno !== "number") throw error;
      throw new FileError(error.errno);
    }
  }

  stat(cwd, path) {
    return this.attempt(() => {
      if (!path) throw new FileError(MISSING);
      const stat = this.FS.stat(resolve(cwd, path));
      const isFolder = this.FS.isDir(stat.mode);
      if (path.endsWith("/") && !isFolder) throw new FileError(NO_FOLDER);
      return { isFolder, size: stat.size, modified: new Date(stat.mtime), mode: stat.mode };
    });
  }

  /** The same, or null where there is nothing. */
  find(cwd, path) {
    try {
      return this.stat(cwd, path);
    } catch (error) {
      if (error instanceof FileError) return null;
      throw error;
    }
  }

  exists(cwd, path) {
    return this.find(cwd, path) !== null;
  }

  isFolder(cwd, path) {
    return this.find(cwd, path)?.isFolder ?? false;
  }

  /** Return the names in a folder, sorted; none where there is no folder. */
  names(cwd, path) {
    return this.isFolder(cwd, path) ? this.list(cwd, path) : [];
  }

  list(cwd, path) {
    return this.attempt(() => {
      const names = this.FS.readdir(resolve(cwd, path));
      return names.filter((name) => name !== "." && name !== "..").sort();
    });
  }

  read(cwd, path) {
    if (this.stat(cwd, path).isFolder) throw new FileError(IS_FOLDER);
    return this.attempt(() => this.FS.readFile(resolve(cwd, path)));
  }

  /** Return the path from the root, if the learner may change what is there. */
  mayChange(cwd, path) {
    if (!path) throw new FileError(MISSING);
    const whole = resolve(cwd, path);
    if (this.writable.some((folder) => whole === folder || whole.startsWith(`${folder}/`))) {
      return whole;
    }
    throw new FileError(DENIED);
  }

  /** Make the file empty, if it is not there or `append` is not asked for; return its path. */
  open(cwd, path, { append = false } = {}) {
    const found = this.find(cwd, path);
    if (found?.isFolder || (!found && path.endsWith("/"))) throw new FileError(IS_FOLDER);
    if (!found && path) this.stat(cwd, folderOf(path));
    const whole = this.mayChange(cwd, path);
    if (!found || !append) this.attempt(() => this.FS.writeFile(whole, new Uint8Array(0)));
    return whole;
  }

  append(whole, bytes) {
    this.attempt(() => this.FS.writeFile(whole, bytes, { flags: "a" }));
  }

  write(cwd, path, bytes) {
    const whole = this.open(cwd, path);
    this.attempt(() => this.FS.writeFile(whole, bytes));
  }

  unlink(cwd, path) {
    const whole = this.mayChange(cwd, path);
    this.attempt(() => this.FS.unlink(whole));
  }

  /** The top folder stays, as a disk would that is mounted there. */
  mayMove(cwd, path) {
    const whole = this.mayChange(cwd, path);
    if (this.writable.includes(whole)) throw new FileError(BUSY);
    return whole;
  }

  rmdir(cwd, path) {
    const whole = this.mayMove(cwd, path);
    this.attempt(() => this.FS.rmdir(whole));
  }

  mkdir(cwd, path) {
    if (this.exists(cwd, path)) throw new FileError(EXISTS);
    if (path) this.stat(cwd, folderOf(path));
    const whole = this.mayChange(cwd, path);
    this.attempt(() => this.FS.mkdir(whole));
  }

  rename(cwd, from, to) {
    const [old, current] = [this.mayMove(cwd, from), this.mayChange(cwd, to)];
    this.attempt(() => this.FS.rename(old, current));
  }

  touch(cwd, path) {
    if (!this.exists(cwd, path)) return this.open(cwd, path);
    const whole = this.mayChange(cwd, path);
    const now = Date.now();
    this.attempt(() => this.FS.utime?.(whole, now, now));
    return whole;
  }
}

/** The folder that must be there for a new file or folder to be made. */
export function folderOf(path) {
  const folder = path.replace(/\/+$/, "").match(/^(.*\/)?[^/]*$/)?.[1];
  return folder || (path.startsWith("/") ? "/" : ".");
}
