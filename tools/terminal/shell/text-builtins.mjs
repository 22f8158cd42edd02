// The builtins that print text as it is, or a part of it: cat, head, tail, wc, yes.

import { encode, fromRaw, join, toRaw } from "./bytes.mjs";
import { FileError } from "./files.mjs";
import { readOptions, toCount } from "./options.mjs";
import { Failure, take } from "./pipeline.mjs";

const NEWLINE = 10;

/**
 * Open each of these files in turn ("-" and none at all are stdin) and hand it to `work`. What
 * cannot be read is said, and the next one follows. Return whether all could be read.
 */
export function* eachFile(io, names, work, { complain = plainly } = {}) {
  let all = true;
  for (const name of names.length ? names : ["-"]) {
    try {
      yield* work(io.open(name), name);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      all = false;
      yield* io.err(complain(name || "''", error));
    }
  }
  return all;
}

const plainly = (name, error) => `${name}: ${error.message}`;

/** The lines of an input, as raw text, as many at a time as there are. */
export class Lines {
  #input;
  #pieces = [];
  #over = false;

  constructor(input) {
    this.#input = input;
  }

  /** Return the next lines without their newlines, or null at the end. */
  *next() {
    while (!this.#over) {
      const bytes = yield* take(this.#input);
      if (!bytes) {
        this.#over = true;
        const last = this.#pieces.join("");
        return last ? [last] : null;
      }
      if (!bytes.includes(NEWLINE)) {
        this.#pieces.push(toRaw(bytes));
        continue;
      }
      const lines = (this.#pieces.join("") + toRaw(bytes)).split("\n");
      this.#pieces = [lines.pop()];
      return lines;
    }
    return null;
  }
}

export const toLines = (lines) => fromRaw(lines.map((line) => `${line}\n`).join(""));

function* readAll(input) {
  const pieces = [];
  for (let bytes; (bytes = yield* take(input)); ) pieces.push(bytes);
  return pieces.length ? join(pieces) : new Uint8Array(0);
}

export function* allLines(io, names, complain) {
  const lines = [];
  const isWhole = yield* eachFile(
    io,
    names,
    function* (input) {
      const reader = new Lines(input);
      for (let some; (some = yield* reader.next()); ) for (const line of some) lines.push(line);
    },
    { complain },
  );
  return isWhole ? lines : null;
}

// --- cat ---

function* cat(io, args) {
  const { on, rest } = readOptions(args, {
    flags: "AbeEnstTuv",
    long: { number: "n", "show-nonprinting": "v", "show-ends": "E", "show-all": "A" },
  });
  const has = (letters) => [...letters].some((letter) => on.has(letter));
  const shown = has("bnsevtAET")
    ? new Shown({
        numbers: has("nb"),
        filledOnly: has("b"),
        squeeze: has("s"),
        controls: has("vetA"),
        ends: has("eEA"),
        tabs: has("tTA"),
      })
    : null;
  const isWhole = yield* eachFile(io, rest, function* (input) {
    for (let bytes; (bytes = yield* take(input)); ) {
      yield* io.out(shown ? shown.of(bytes) : bytes);
    }
  });
  return isWhole ? 0 : 1;
}

// What `cat -v` and its like make of bytes. It remembers where in a line the last ones ended.
class Shown {
  #how;
  #number = 0;
  #begins = true;
  #empty = 0;

  constructor(how) {
    this.#how = how;
  }

  of(bytes) {
    let text = "";
    for (const byte of bytes) {
      if (byte === NEWLINE && this.#begins) this.#empty++;
      else this.#empty = 0;
      if (this.#how.squeeze && this.#empty > 1) continue;
      if (this.#begins && this.#how.numbers && !(this.#how.filledOnly && byte === NEWLINE)) {
        text += `${String(++this.#number).padStart(6)}\t`;
      }
      this.#begins = byte === NEWLINE;
      if (byte === NEWLINE) text += this.#how.ends ? "$\n" : "\n";
      else if (byte === 9) text += this.#how.tabs ? "^I" : "\t";
      else text += this.#how.controls ? visible(byte) : String.fromCharCode(byte);
    }
    return fromRaw(text);
  }
}

function visible(byte) {
  if (byte >= 128) return `M-${visible(byte - 128)}`;
  if (byte === 127) return "^?";
  return byte < 32 ? `^${String.fromCharCode(byte + 64)}` : String.fromCharCode(byte);
}

// --- head and tail ---

const cannotOpen = (name, error) =>
  error.message === "Is a directory"
    ? `error reading '${name}': ${error.message}`
    : `cannot open '${name === "''" ? "" : name}' for reading: ${error.message}`;

function* eachWithTitle(io, names, on, work) {
  const titled = !on.has("q") && (on.has("v") || names.length > 1);
  let first = true;
  const isWhole = yield* eachFile(
    io,
    names,
    function* (input, name) {
      const title = name === "-" ? "standard input" : name;
      if (titled) yield* io.out(`${first ? "" : "\n"}==> ${title} <==\n`);
      first = false;
      yield* work(input);
    },
    { complain: cannotOpen },
  );
  return isWhole ? 0 : 1;
}

const PART = {
  flags: "qv",
  values: "nc",
  long: { lines: "n", bytes: "c", quiet: "q", silent: "q", verbose: "v" },
  numbers: "n",
};

function* head(io, args) {
  const { on, all, rest } = readOptions(args, PART);
  const [unit, text] = all.filter(([letter]) => "nc".includes(letter)).at(-1) ?? ["n", "10"];
  const fromEnd = text.startsWith("-");
  const count = toCount(text.replace(/^[-+]/, ""), unit === "n" ? "lines" : "bytes");
  return yield* eachWithTitle(io, rest, on, function* (input) {
    if (fromEnd) {
      const bytes = yield* readAll(input);
      const end = unit === "n" ? lineFromEnd(bytes, count) : Math.max(0, bytes.length - count);
      return yield* io.out(bytes.subarray(0, end));
    }
    let left = count;
    for (let bytes; left > 0 && (bytes = yield* take(input)); ) {
      const end = unit === "n" ? afterLines(bytes, left) : Math.min(left, bytes.length);
      left -= unit === "n" ? countLines(bytes.subarray(0, end)) : end;
      yield* io.out(bytes.subarray(0, end));
    }
    return undefined;
  });
}

function countLines(bytes) {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count++;
  return count;
}

// Return where the first `count` lines end.
function afterLines(bytes, count) {
  let end = 0;
  for (let line = 0; line < count; line++) {
    const at = bytes.indexOf(NEWLINE, end);
    if (at < 0) return bytes.length;
    end = at + 1;
  }
  return end;
}

// Return where the last `count` lines begin.
function lineFromEnd(bytes, count) {
  if (!count) return bytes.length;
  let begin = bytes.length;
  for (let line = 0; line < count && begin > 0; line++) {
    begin = begin > 1 ? bytes.lastIndexOf(NEWLINE, begin - 2) + 1 : 0;
  }
  return begin;
}

function* tail(io, args) {
  const { on, all, rest } = readOptions(args, {
    ...PART,
    flags: "qvfF",
    long: { ...PART.long, follow: "f" },
  });
  if (on.has("f") || on.has("F")) {
    throw new Failure("there is nothing to follow: here one command runs after the other");
  }
  const [unit, text] = all.filter(([letter]) => "nc".includes(letter)).at(-1) ?? ["n", "10"];
  const fromBegin = text.startsWith("+");
  const count = toCount(text.replace(/^[-+]/, ""), unit === "n" ? "lines" : "bytes");
  const part = fromBegin ? skipFirst : keepLast;
  return yield* eachWithTitle(io, rest, on, (input) => part(io, input, unit, count));
}

function* skipFirst(io, input, unit, count) {
  let skip = Math.max(0, count - 1);
  for (let bytes; (bytes = yield* take(input)); ) {
    const begin = unit === "n" ? afterLines(bytes, skip) : Math.min(skip, bytes.length);
    skip -= unit === "n" ? countLines(bytes.subarray(0, begin)) : begin;
    yield* io.out(bytes.subarray(begin));
  }
}

// Keeps no more than the end of what it reads.
function* keepLast(io, input, unit, count) {
  const measure = unit === "n" ? countLines : (bytes) => bytes.length;
  const kept = [];
  let sum = 0;
  for (let bytes; (bytes = yield* take(input)); ) {
    kept.push(bytes);
    sum += measure(bytes);
    while (kept.length > 1 && sum - measure(kept[0]) > count) sum -= measure(kept.shift());
  }
  if (!kept.length) return;
  const bytes = join(kept);
  const begin = unit === "n" ? lineFromEnd(bytes, count) : Math.max(0, bytes.length - count);
  yield* io.out(bytes.subarray(begin));
}

// --- wc ---

const COUNTS = ["lines", "words", "characters", "bytes"];

function* wc(io, args) {
  const { on, rest } = readOptions(args, {
    flags: "lwcm",
    long: { lines: "l", words: "w", bytes: "c", chars: "m" },
  });
  const letters = { lines: "l", words: "w", characters: "m", bytes: "c" };
  const asked = COUNTS.filter((what) => on.has(letters[what]));
  const shown = asked.length ? asked : ["lines", "words", "bytes"];
  const width = widthOf(io, rest, shown);
  const line = (counts, name) =>
    `${[
      ...shown.map((what) => String(counts[what]).padStart(width)),
      ...(name ? [name] : []),
    ].join(" ")}\n`;
  // Lines and bytes alone are counted without a look at each byte.
  const count = shown.some((what) => !["lines", "bytes"].includes(what)) ? countAll : countSome;
  const total = { lines: 0, words: 0, characters: 0, bytes: 0 };
  const state = { isWhole: true };
  for (const name of rest.length ? rest : [""]) {
    const counts = { lines: 0, words: 0, characters: 0, bytes: 0 };
    const done = yield* eachFile(io, [name || "-"], (input) => count(input, counts));
    state.isWhole &&= done;
    const isFolder = !done && io.files.isFolder(io.cwd, name);
    if (done || isFolder) yield* io.out(line(counts, name));
    for (const what of COUNTS) total[what] += counts[what];
  }
  if (rest.length > 1) yield* io.out(line(total, "total"));
  return state.isWhole ? 0 : 1;
}

// As wide as the sum of the sizes, where they are known before the files are read: GNU's way.
function widthOf(io, names, shown) {
  if (names.length < 2 && shown.length === 1) return 1;
  let sum = 0;
  let least = 1;
  for (const name of names.length ? names : ["-"]) {
    const found = name === "-" ? { size: io.stdin.size } : io.files.find(io.cwd, name);
    if (found?.isFolder || (found && found.size === undefined)) least = 7;
    else sum += found?.size ?? 0;
  }
  return Math.max(least, String(sum).length);
}

function* countSome(input, counts) {
  for (let bytes; (bytes = yield* take(input)); ) {
    counts.bytes += bytes.length;
    counts.lines += countLines(bytes);
  }
}

function* countAll(input, counts) {
  let inWord = false;
  for (let bytes; (bytes = yield* take(input)); ) {
    counts.bytes += bytes.length;
    for (const byte of bytes) {
      const isBlank = byte === 32 || (byte >= 9 && byte <= 13);
      if (byte === NEWLINE) counts.lines++;
      if (!isBlank && !inWord) counts.words++;
      if ((byte & 0xc0) !== 0x80) counts.characters++;
      inWord = !isBlank;
    }
  }
}

// --- yes ---

function* yes(io, args) {
  const words = args[0] === "--" ? args.slice(1) : args;
  const line = `${words.length ? words.join(" ") : "y"}\n`;
  const bytes = encode(line.repeat(Math.ceil(4096 / line.length)));
  for (;;) yield* io.out(bytes);
}

export const textBuiltins = {
  cat: { run: cat, usage: "cat [-n] [-v] [FILE]…", about: "print files" },
  head: { run: head, usage: "head [-N | -n N | -c N] [FILE]…", about: "print the first lines" },
  tail: { run: tail, usage: "tail [-N | -n N | -c N] [FILE]…", about: "print the last lines" },
  wc: {
    run: wc,
    usage: "wc [-l] [-w] [-c] [-m] [FILE]…",
    about: "count lines, words and bytes",
  },
  yes: { run: yes, usage: "yes [TEXT]", about: "repeat a line until it is stopped" },
};
