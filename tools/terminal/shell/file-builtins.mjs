// The builtins that work on files and folders: ls, find, rm, mv, cp, mkdir, rmdir, touch, diff.

import { fromRaw, fromTextToRaw, toRaw } from "./bytes.mjs";
import { hunksOf } from "./difference.mjs";
import { globToPattern } from "./expand.mjs";
import { baseName, EXISTS, FileError, folderOf, joined, resolve } from "./files.mjs";
import { readOptions, toCount, UsageFailure } from "./options.mjs";
import { Failure } from "./pipeline.mjs";

// As GNU's programs quote a name in an error.
const quoted = (name) => (name.includes("'") ? `"${name}"` : `'${name}'`);

// Do `work` for each name; what goes wrong with one is said, and the others follow.
function* forEach(io, names, explain, work) {
  let code = 0;
  for (const name of names) {
    try {
      yield* work(name);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      code = 1;
      yield* io.err(explain(name, error.message));
    }
  }
  return code;
}

// --- ls ---

function* ls(io, args) {
  const { on, rest } = readOptions(args, {
    flags: "laA1FpdrtShRC",
    long: { all: "a", "almost-all": "A", reverse: "r", recursive: "R", directory: "d" },
    code: 2,
  });
  const files = [];
  const folders = [];
  const names = rest.length ? rest : ["."];
  const failed = yield* forEach(
    io,
    names,
    (name, why) => `cannot access ${quoted(name)}: ${why}`,
    function* (name) {
      const entry = { name, ...io.files.stat(io.cwd, name) };
      (entry.isFolder && !on.has("d") ? folders : files).push(entry);
    },
  );
  const show = (entries, isFolder) => listing(io, ordered(entries, on), on, isFolder);
  if (files.length) yield* io.out(show(files, false));
  const titled = names.length > 1 || on.has("R");
  const queue = ordered(folders, on);
  for (let index = 0; index < queue.length; index++) {
    const { name } = queue[index];
    const entries = inside(io, name, on);
    const gap = index || files.length ? "\n" : "";
    yield* io.out((titled ? `${gap}${name}:\n` : "") + show(entries, true));
    if (!on.has("R")) continue;
    const below = ordered(entries, on).filter((one) => one.isFolder && !isDot(one.name));
    queue.splice(index + 1, 0, ...below.map((one) => ({ name: joined(name, one.name) })));
  }
  return failed ? 2 : 0;
}

const isDot = (name) => name === "." || name === "..";

function inside(io, folder, on) {
  const isShown = (name) => on.has("a") || on.has("A") || !name.startsWith(".");
  const names = io.files.list(io.cwd, folder).filter(isShown);
  if (on.has("a")) names.unshift(".", "..");
  return names
    .map((name) => ({ name, ...io.files.find(io.cwd, joined(folder, name)) }))
    .filter(({ mode }) => mode !== undefined);
}

function ordered(entries, on) {
  const byName = (one, other) => (one.name < other.name ? -1 : Number(one.name > other.name));
  const result = [...entries].sort((one, other) => {
    if (on.has("t")) return other.modified - one.modified || byName(one, other);
    if (on.has("S")) return other.size - one.size || byName(one, other);
    return byName(one, other);
  });
  return on.has("r") ? result.reverse() : result;
}

function listing(io, entries, on, isFolder) {
  const marks = on.has("F") || on.has("p") || io.stdout.terminal;
  const name = (entry) =>
    entry.name + (marks && entry.isFolder && !entry.name.endsWith("/") ? "/" : "");
  if (on.has("l")) return long(entries, on, name, isFolder);
  const names = entries.map(name);
  if (on.has("1") || !(io.stdout.terminal || on.has("C"))) {
    return names.map((one) => `${one}\n`).join("");
  }
  return inColumns(names, io.columns);
}

function long(entries, on, name, isFolder) {
  const sizes = entries.map(({ size }) => (on.has("h") ? readable(size) : String(size)));
  const width = Math.max(0, ...sizes.map((size) => size.length));
  const lines = entries.map((entry, index) => {
    const kind = entry.isFolder ? "d" : "-";
    const rights = [..."rwxrwxrwx"]
      .map((letter, bit) => ((entry.mode >> (8 - bit)) & 1 ? letter : "-"))
      .join("");
    const size = sizes[index].padStart(width);
    return `${kind}${rights} 1 you you ${size} ${dateOf(entry.modified)} ${name(entry)}\n`;
  });
  const blocks = entries.reduce((sum, { size }) => sum + 4 * Math.ceil(size / 4096), 0);
  return (isFolder ? `total ${blocks}\n` : "") + lines.join("");
}

function readable(size) {
  if (size < 1024) return String(size);
  const units = ["K", "M", "G"];
  let value = size / 1024;
  while (value >= 1024 && units.length > 1) {
    value /= 1024;
    units.shift();
  }
  return (value < 10 ? (Math.ceil(value * 10) / 10).toFixed(1) : Math.ceil(value)) + units[0];
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const HALF_A_YEAR = 182 * 24 * 3600 * 1000;

function dateOf(date) {
  const day = `${MONTHS[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)}`;
  const isRecent = Math.abs(Date.now() - date) < HALF_A_YEAR;
  return `${day} ${isRecent ? date.toISOString().slice(11, 16) : ` ${date.getUTCFullYear()}`}`;
}

// As many columns as fit, filled from top to bottom.
function inColumns(names, columns) {
  for (let rows = 1; rows < names.length; rows++) {
    const groups = [];
    for (let at = 0; at < names.length; at += rows) groups.push(names.slice(at, at + rows));
    const widths = groups.map((group) => Math.max(...group.map((one) => [...one].length)) + 2);
    if (widths.reduce((sum, width) => sum + width, -2) > columns) continue;
    return Array.from(
      { length: rows },
      (_, row) =>
        `${groups
          .filter((group) => row < group.length)
          .map((group, index, all) =>
            index === all.length - 1 ? group[row] : group[row].padEnd(widths[index]),
          )
          .join("")}\n`,
    ).join("");
  }
  return names.map((one) => `${one}\n`).join("");
}

// --- find ---

function* find(io, args) {
  const begin = args.findIndex((arg) => arg.startsWith("-") || arg === "!");
  const starts = begin < 0 ? args : args.slice(0, begin);
  const tests = toTests(begin < 0 ? [] : args.slice(begin), io);
  const explain = (name, why) => `‘${name}’: ${why}`;
  return yield* forEach(io, starts.length ? starts : ["."], explain, function* (start) {
    io.files.stat(io.cwd, start);
    yield* findBelow(io, start, 0, tests);
  });
}

function* findBelow(io, path, depth, tests) {
  const entry = io.files.find(io.cwd, path);
  if (!entry) return;
  const matches =
    depth >= tests.least &&
    tests.all.every((test) => test({ path, name: baseName(path), ...entry }));
  if (matches && !tests.deletes) yield* io.out(`${path}\n`);
  if (entry.isFolder && depth < tests.most) {
    for (const name of io.files.list(io.cwd, path)) {
      yield* findBelow(io, joined(path, name), depth + 1, tests);
    }
  }
  if (matches && tests.deletes) yield* deleteFound(io, path, entry);
}

function* deleteFound(io, path, { isFolder }) {
  if (isDot(path)) return;
  if (isFolder) io.files.rmdir(io.cwd, path);
  else io.files.unlink(io.cwd, path);
  yield;
}

function toTests(args, io) {
  const tests = { all: [], least: 0, most: Infinity, deletes: false };
  let negated = false;
  const add = (test) => {
    const isNegated = negated;
    negated = false;
    tests.all.push((entry) => test(entry) !== isNegated);
  };
  const queue = [...args];
  const value = (name) => {
    if (!queue.length) throw new Failure(`missing argument to \`${name}'`);
    return queue.shift();
  };
  while (queue.length) {
    const name = queue.shift();
    if (name === "!" || name === "-not") negated = !negated;
    else if (name === "-name" || name === "-iname") {
      const text = value(name);
      const pattern = globToPattern(name === "-iname" ? text.toLowerCase() : text);
      const isFolded = name === "-iname";
      add((entry) => pattern.test(isFolded ? entry.name.toLowerCase() : entry.name));
    } else if (name === "-path") {
      const pattern = globToPattern(value(name));
      add((entry) => pattern.test(entry.path));
    } else if (name === "-type") {
      const type = value(name);
      if (!["f", "d"].includes(type)) throw new Failure(`Unknown argument to -type: ${type}`);
      add((entry) => entry.isFolder === (type === "d"));
    } else if (name === "-empty") {
      add((entry) => !(entry.isFolder ? io.files.names(io.cwd, entry.path).length : entry.size));
    } else if (name === "-maxdepth") tests.most = toCount(value(name), "levels");
    else if (name === "-mindepth") tests.least = toCount(value(name), "levels");
    else if (name === "-delete") tests.deletes = true;
    else if (name !== "-print" && name !== "-a" && name !== "-and") {
      throw new Failure(`unknown predicate \`${name}'`);
    }
  }
  return tests;
}

// --- rm, rmdir, mkdir, touch ---

function* rm(io, args) {
  const { on, rest } = readOptions(args, {
    flags: "rRfvdi",
    long: { recursive: "r", force: "f", verbose: "v", dir: "d" },
  });
  if (!rest.length && !on.has("f")) throw new UsageFailure("missing operand");
  const recursive = on.has("r") || on.has("R");
  const explain = (name, why) => `cannot remove ${quoted(name)}: ${why}`;
  let refused = 0;
  const failed = yield* forEach(io, rest, explain, function* (name) {
    if (recursive && isDot(baseName(name))) {
      refused = 1;
      return yield* io.err(
        `refusing to remove '.' or '..' directory: skipping ${quoted(name.replace(/\/+$/, ""))}`,
      );
    }
    if (on.has("f") && !io.files.exists(io.cwd, name)) return undefined;
    const { isFolder } = io.files.stat(io.cwd, name);
    if (isFolder && !recursive) {
      if (on.has("d")) return io.files.rmdir(io.cwd, name);
      throw new FileError(31);
    }
    return yield* removeAll(io, name, on.has("v"));
  });
  return failed || refused;
}

function* removeAll(io, path, isVerbose) {
  const { isFolder } = io.files.stat(io.cwd, path);
  if (isFolder) {
    io.files.mayChange(io.cwd, path);
    for (const name of io.files.list(io.cwd, path)) {
      yield* removeAll(io, joined(path, name), isVerbose);
    }
    io.files.rmdir(io.cwd, path);
  } else io.files.unlink(io.cwd, path);
  if (isVerbose) yield* io.out(`removed ${isFolder ? "directory " : ""}${quoted(path)}\n`);
}

function* rmdir(io, args) {
  const { rest } = readOptions(args, {});
  if (!rest.length) throw new UsageFailure("missing operand");
  const explain = (name, why) => `failed to remove ${quoted(name)}: ${why}`;
  return yield* forEach(io, rest, explain, function* (name) {
    if (!io.files.stat(io.cwd, name).isFolder) throw new FileError(54);
    if (io.files.list(io.cwd, name).length) throw new FileError(55);
    io.files.rmdir(io.cwd, name);
  });
}

function* mkdir(io, args) {
  const { on, rest } = readOptions(args, {
    flags: "pv",
    values: "m",
    long: { parents: "p", verbose: "v" },
  });
  if (!rest.length) throw new UsageFailure("missing operand");
  const explain = (name, why) => `cannot create directory ‘${name}’: ${why}`;
  return yield* forEach(io, rest, explain, function* (name) {
    if (!on.has("p")) io.files.mkdir(io.cwd, name);
    else makeAll(io, name);
    if (on.has("v")) yield* io.out(`mkdir: created directory ${quoted(name)}\n`);
  });
}

function makeAll(io, path) {
  const found = io.files.find(io.cwd, path);
  if (found?.isFolder) return;
  if (found) throw new FileError(EXISTS);
  const above = folderOf(path);
  if (path && above !== path && !io.files.exists(io.cwd, above)) makeAll(io, above);
  io.files.mkdir(io.cwd, path);
}

function* touch(io, args) {
  const { on, rest } = readOptions(args, { flags: "cam", long: { "no-create": "c" } });
  if (!rest.length) throw new UsageFailure("missing file operand");
  return yield* forEach(
    io,
    rest,
    (name, why) => `cannot touch ${quoted(name)}: ${why}`,
    function* (name) {
      if (!on.has("c") || io.files.exists(io.cwd, name)) io.files.touch(io.cwd, name);
    },
  );
}

// --- mv and cp ---

// Return [from, to] pairs: to a new name, or each into a folder.
function toPairs(io, rest, target) {
  if (!rest.length) throw new UsageFailure("missing file operand");
  const names = target === undefined ? rest.slice(0, -1) : rest;
  const last = target ?? rest.at(-1);
  if (!names.length)
    throw new UsageFailure(`missing destination file operand after ${quoted(last)}`);
  const isFolder = io.files.isFolder(io.cwd, last);
  if (!isFolder && (names.length > 1 || target !== undefined)) {
    const why = io.files.exists(io.cwd, last) ? "Not a directory" : "No such file or directory";
    throw new Failure(`target ${quoted(last)}: ${why}`);
  }
  return names.map((name) => [name, isFolder ? joined(last, baseName(name)) : last]);
}

const MOVE = {
  flags: "fnvi",
  values: "t",
  long: { force: "f", "no-clobber": "n", verbose: "v" },
};

function* mv(io, args) {
  const { on, value, rest } = readOptions(args, MOVE);
  const pairs = new Map(toPairs(io, rest, value.t));
  let [from, to, failed] = ["", "", 0];
  const explain = (_, why) => `cannot move ${quoted(from)} to ${quoted(to)}: ${why}`;
  const failures = yield* forEach(io, pairs.keys(), explain, function* (name) {
    [from, to] = [name, pairs.get(name)];
    const complain = function* (text) {
      failed = 1;
      yield* io.err(text);
    };
    const source = io.files.find(io.cwd, from);
    if (!source) {
      const why = reason(io, from);
      return yield* complain(`cannot stat ${quoted(from)}: ${why}`);
    }
    const target = io.files.find(io.cwd, to);
    const [old, current] = [resolve(io.cwd, from), resolve(io.cwd, to)];
    if (old === current)
      return yield* complain(`${quoted(from)} and ${quoted(to)} are the same file`);
    if (source.isFolder && current.startsWith(`${old}/`)) {
      return yield* complain(
        `cannot move ${quoted(from)} to a subdirectory of itself, ${quoted(to)}`,
      );
    }
    if (target && on.has("n")) return undefined;
    if (target?.isFolder && !source.isFolder) {
      return yield* complain(
        `cannot overwrite directory ${quoted(to)} with non-directory ${quoted(from)}`,
      );
    }
    if (source.isFolder && target && !target.isFolder) {
      return yield* complain(
        `cannot overwrite non-directory ${quoted(to)} with directory ${quoted(from)}`,
      );
    }
    if (!target && to.endsWith("/") && !source.isFolder) throw new FileError(54);
    if (!target) io.files.stat(io.cwd, folderOf(to));
    io.files.rename(io.cwd, from, to);
    if (on.has("v")) yield* io.out(`renamed ${quoted(from)} -> ${quoted(to)}\n`);
    return undefined;
  });
  return failures || failed;
}

function reason(io, path) {
  try {
    io.files.stat(io.cwd, path);
    return "";
  } catch (error) {
    return error.message;
  }
}

function* cp(io, args) {
  const { on, value, rest } = readOptions(args, {
    ...MOVE,
    flags: "rRapfnvi",
    long: { ...MOVE.long, recursive: "r", archive: "a" },
  });
  const recursive = ["r", "R", "a"].some((letter) => on.has(letter));
  let failed = 0;
  for (const [from, to] of toPairs(io, rest, value.t)) {
    const problem = yield* copyOne(io, from, to, recursive, on);
    if (!problem) continue;
    failed = 1;
    yield* io.err(problem);
  }
  return failed;
}

// Copy a file, or a folder with all that is in it; return what went wrong.
function* copyOne(io, from, to, recursive, on) {
  const source = io.files.find(io.cwd, from);
  if (!source) return `cannot stat ${quoted(from)}: ${reason(io, from)}`;
  if (source.isFolder && !recursive) return `-r not specified; omitting directory ${quoted(from)}`;
  const [old, current] = [resolve(io.cwd, from), resolve(io.cwd, to)];
  if (source.isFolder && `${current}/`.startsWith(`${old}/`)) {
    return `cannot copy a directory, ${quoted(from)}, into itself, ${quoted(to)}`;
  }
  if (old === current) return `${quoted(from)} and ${quoted(to)} are the same file`;
  const target = io.files.find(io.cwd, to);
  if (target && on.has("n")) return null;
  if (target?.isFolder && !source.isFolder) {
    return `cannot overwrite directory ${quoted(to)} with non-directory ${quoted(from)}`;
  }
  if (target && !target.isFolder && source.isFolder) {
    return `cannot overwrite non-directory ${quoted(to)} with directory ${quoted(from)}`;
  }
  try {
    if (on.has("v")) yield* io.out(`${quoted(from)} -> ${quoted(to)}\n`);
    if (!source.isFolder) {
      io.files.write(io.cwd, to, io.files.read(io.cwd, from));
      return null;
    }
    if (!target) io.files.mkdir(io.cwd, to);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const what = source.isFolder ? "directory" : "regular file";
    return `cannot create ${what} ${quoted(to)}: ${error.message}`;
  }
  const problems = [];
  for (const name of io.files.list(io.cwd, from)) {
    const problem = yield* copyOne(io, joined(from, name), joined(to, name), true, on);
    if (problem) problems.push(problem);
  }
  return problems.join(`\n${io.name}: `) || null;
}

// --- diff ---

function* diff(io, args) {
  const { on, rest } = readOptions(args, {
    flags: "uqN",
    long: { unified: "u", brief: "q" },
    code: 2,
  });
  if (rest.length !== 2) throw new UsageFailure("two files are needed", 2);
  const texts = [];
  const failed = yield* forEach(
    io,
    rest,
    (name, why) => `${name}: ${why}`,
    function* (name) {
      texts.push(toRaw(io.files.read(io.cwd, name)));
    },
  );
  if (failed) return 2;
  if (texts[0] === texts[1]) return 0;
  if (on.has("q")) yield* io.out(`Files ${rest[0]} and ${rest[1]} differ\n`);
  else {
    const library = yield io.diff();
    const [oldFileName, newFileName] = rest.map(fromTextToRaw);
    const hunks = hunksOf(...texts, library);
    const patch = { oldFileName, newFileName, hunks };
    yield* io.out(fromRaw(library.formatPatch(patch, library.FILE_HEADERS_ONLY)));
  }
  return 1;
}

export const fileBuiltins = {
  ls: {
    run: ls,
    usage: "ls [-l] [-a] [-1] [-R] [-t] [-r] [FILE]…",
    about: "list files",
    wrong: 2,
  },
  find: {
    run: find,
    usage: "find [FOLDER]… [-name GLOB] [-type f|d] [-maxdepth N] [-delete]",
    about: "find files",
  },
  rm: { run: rm, usage: "rm [-r] [-f] FILE…", about: "remove files" },
  rmdir: { run: rmdir, usage: "rmdir FOLDER…", about: "remove empty folders" },
  mv: { run: mv, usage: "mv [-n] FILE… TARGET", about: "move or rename files" },
  cp: { run: cp, usage: "cp [-r] [-n] FILE… TARGET", about: "copy files" },
  mkdir: { run: mkdir, usage: "mkdir [-p] FOLDER…", about: "make folders" },
  touch: { run: touch, usage: "touch FILE…", about: "make empty files, or set their time" },
  diff: { run: diff, usage: "diff [-u] [-q] FILE FILE", about: "show how files differ" },
};
