// The builtins that sort, compare and change lines: sort, cut, tr.

import { fromTextToRaw } from "./bytes.mjs";
import { readOptions, UsageFailure } from "./options.mjs";
import { Failure, take } from "./pipeline.mjs";
import { allLines, eachFile, Lines, toLines } from "./text-builtins.mjs";

// --- sort ---

function* sort(io, args) {
  const { on, value, all, rest } = readOptions(args, {
    flags: "rnufbs",
    values: "kto",
    long: { reverse: "r", "numeric-sort": "n", unique: "u", key: "k", "ignore-case": "f" },
    code: 2,
  });
  const keys = all.filter(([letter]) => letter === "k").map(([, text]) => toKey(text, on));
  const whole = {
    from: 0,
    to: 0,
    numeric: on.has("n"),
    fold: on.has("f"),
    reverse: on.has("r"),
  };
  const compare = byKeys(keys.length ? keys : [whole], value.t);
  const lines = yield* allLines(io, rest, (name, { message }) =>
    message === "Is a directory"
      ? `read failed: ${name}: ${message}`
      : `cannot read: ${name}: ${message}`,
  );
  if (!lines) return 2;
  const last = (one, other) => (on.has("r") ? -1 : 1) * inOrder(one, other);
  lines.sort(
    (one, other) => compare(one, other) || (on.has("u") || on.has("s") ? 0 : last(one, other)),
  );
  const kept = on.has("u")
    ? lines.filter((line, index) => !index || compare(lines[index - 1], line) !== 0)
    : lines;
  if (value.o) io.files.write(io.cwd, value.o, toLines(kept));
  else
    for (let at = 0; at < kept.length; at += 4096)
      yield* io.out(toLines(kept.slice(at, at + 4096)));
  return 0;
}

const inOrder = (one, other) => (one < other ? -1 : one > other ? 1 : 0);

function toKey(text, on) {
  const [all, from, to, letters] = text.match(/^(\d+)(?:,(\d+))?([nrfb]*)$/) ?? [];
  if (!all || from === "0")
    throw new Failure(`a key such as 2, 2,2 or 2n is needed, not ‘${text}’`, 2);
  const has = (letter) => (letters ? letters.includes(letter) : on.has(letter));
  const key = { from: Number(from), to: Number(to ?? 0) };
  return { ...key, numeric: has("n"), fold: has("f"), reverse: has("r") };
}

function byKeys(keys, separator) {
  const part = (line, { from, to }) => {
    if (!from) return line;
    const fields = separator ? line.split(separator) : (line.match(/\s*\S+/g) ?? []);
    return fields.slice(from - 1, to || undefined).join(separator ?? "");
  };
  const numberIn = (text) => Number(text.match(/^\s*(-?\d*\.?\d*)/)[1]) || 0;
  return (one, other) => {
    for (const key of keys) {
      let [left, right] = [part(one, key), part(other, key)];
      if (key.fold) [left, right] = [left.toUpperCase(), right.toUpperCase()];
      const order = key.numeric ? numberIn(left) - numberIn(right) : inOrder(left, right);
      if (order) return key.reverse ? -order : order;
    }
    return 0;
  };
}

// --- cut and tr ---

function* cut(io, args) {
  const { on, value, rest } = readOptions(args, {
    flags: "s",
    values: "bcfd",
    long: { bytes: "b", characters: "c", fields: "f", delimiter: "d", "only-delimited": "s" },
  });
  const lists = [value.b, value.c, value.f].filter((list) => list !== undefined);
  if (!lists.length) {
    throw new UsageFailure("you must specify a list of bytes, characters, or fields");
  }
  if (lists.length > 1) throw new UsageFailure("only one list may be specified");
  if (value.d !== undefined && value.f === undefined) {
    throw new UsageFailure("an input delimiter may be specified only when operating on fields");
  }
  const delimiter = fromTextToRaw(value.d ?? "\t");
  if ([...(value.d ?? "\t")].length !== 1) {
    throw new UsageFailure("the delimiter must be a single character");
  }
  const ranges = toRanges(lists[0], value.f !== undefined);
  const pick = (parts) =>
    parts.filter((_, index) => ranges.some(([from, to]) => from <= index + 1 && index < to));
  const cutLine = (line) => {
    if (value.f === undefined)
      return ranges.length === 1 ? slice(line, ranges[0]) : pick([...line]).join("");
    if (!line.includes(delimiter)) return on.has("s") ? null : line;
    return pick(line.split(delimiter)).join(delimiter);
  };
  const isWhole = yield* eachFile(io, rest, function* (input) {
    const reader = new Lines(input);
    for (let lines; (lines = yield* reader.next()); ) {
      yield* io.out(toLines(lines.map(cutLine).filter((line) => line !== null)));
    }
  });
  return isWhole ? 0 : 1;
}

const slice = (line, [from, to]) => line.slice(from - 1, to);

// Return the ranges of `1-3,5,7-`, each as [first, last].
function toRanges(list, areFields) {
  return list.split(/[, ]/).map((text) => {
    const [all, from, dash, to] = text.match(/^(\d*)(-?)(\d*)$/) ?? [];
    if (!all || all === "-") {
      throw new UsageFailure(`invalid ${areFields ? "field" : "byte/character"} range ‘${text}’`);
    }
    if (from === "0" || to === "0") {
      const what = areFields ? "fields" : "byte/character positions";
      throw new UsageFailure(`${what} are numbered from 1`);
    }
    const first = Number(from || 1);
    const last = dash ? (to ? Number(to) : Infinity) : first;
    if (last < first) throw new UsageFailure("invalid decreasing range");
    return [first, last];
  });
}

const CLASSES = {
  upper: "A-Z",
  lower: "a-z",
  digit: "0-9",
  alpha: "A-Za-z",
  alnum: "0-9A-Za-z",
  space: "\\t-\\r ",
  blank: "\\t ",
  punct: "!-/:-@[-`{-~",
  cntrl: "\\000-\\037\\177",
  print: " -~",
  graph: "!-~",
  xdigit: "0-9A-Fa-f",
};

function* tr(io, args) {
  const { on, rest } = readOptions(args, {
    flags: "dscC",
    long: { delete: "d", "squeeze-repeats": "s", complement: "c" },
  });
  const removes = on.has("d");
  const squeezes = on.has("s");
  const [first, second] = rest;
  const wanted = removes === squeezes ? 2 : 1;
  if (!rest.length) throw new UsageFailure("missing operand");
  if (rest.length < wanted && !(squeezes && !removes)) {
    const why = removes
      ? "Two strings must be given when both deleting and squeezing repeats."
      : "Two strings must be given when translating.";
    throw new UsageFailure(`missing operand after ‘${first}’\n${why}`);
  }
  const most = removes && !squeezes ? 1 : 2;
  if (rest.length > most) throw new UsageFailure(`extra operand ‘${rest[most]}’`);
  let from = toSet(first);
  if (on.has("c") || on.has("C")) from = complement(from);
  const to = second === undefined || removes ? null : toSet(second);
  if (to && !to.length) throw new Failure("when not truncating set1, string2 must be non-empty");
  const map = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  if (to) {
    for (const [index, byte] of from.entries()) map[byte] = to[Math.min(index, to.length - 1)];
  }
  const isRemoved = new Set(removes ? from : []);
  const isSqueezed = new Set(squeezes ? toSetOf(second, from) : []);
  let last = -1;
  for (let bytes; (bytes = yield* take(io.stdin)); ) {
    const result = new Uint8Array(bytes.length);
    let length = 0;
    for (const byte of bytes) {
      if (isRemoved.has(byte)) continue;
      const changed = map[byte];
      if (changed === last && isSqueezed.has(changed)) continue;
      result[length++] = last = changed;
    }
    yield* io.out(result.subarray(0, length));
  }
  return 0;
}

const toSetOf = (second, from) => (second === undefined ? from : toSet(second));
const complement = (bytes) =>
  Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => !bytes.includes(byte));

// Return the bytes of `a-z`, `\n`, `[:upper:]`.
function toSet(text) {
  const raw = fromTextToRaw(text).replace(/\[:(\w+):\]/g, (_, name) => {
    if (!CLASSES[name]) throw new Failure(`invalid character class ‘${name}’`);
    return CLASSES[name];
  });
  const pieces = raw.match(/\\[0-7]{1,3}|\\.|./gs) ?? [];
  const bytes = [];
  for (let index = 0; index < pieces.length; index++) {
    const from = byteOf(pieces[index]);
    if (pieces[index + 1] !== "-" || index + 2 >= pieces.length) {
      bytes.push(from);
      continue;
    }
    const to = byteOf(pieces[index + 2]);
    if (to < from) {
      const range = `${pieces[index]}-${pieces[index + 2]}`;
      throw new Failure(`range-endpoints of '${range}' are in reverse collating sequence order`);
    }
    for (let byte = from; byte <= to; byte++) bytes.push(byte);
    index += 2;
  }
  return bytes;
}

function byteOf(piece) {
  if (piece.length === 1) return piece.charCodeAt(0);
  if (/^\\[0-7]/.test(piece)) return parseInt(piece.slice(1), 8) & 255;
  const named = { n: 10, t: 9, r: 13, a: 7, b: 8, f: 12, v: 11 };
  return named[piece[1]] ?? piece.charCodeAt(1);
}

export const lineBuiltins = {
  sort: {
    run: sort,
    usage: "sort [-n] [-r] [-u] [-f] [-t SEPARATOR] [-k FIELD] [-o FILE] [FILE]…",
    about: "sort lines",
  },
  cut: {
    run: cut,
    usage: "cut -c LIST [FILE]…, or cut -f LIST [-d DELIMITER] [-s] [FILE]…",
    about: "print a part of each line",
  },
  tr: { run: tr, usage: "tr [-c] [-d] [-s] SET [SET]", about: "replace or delete characters" },
};
