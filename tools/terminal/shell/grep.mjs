// grep, and POSIX regular expressions as JavaScript's.

import { fromRaw, fromRawToText, fromTextToRaw } from "./bytes.mjs";
import { literal, literalInSet } from "./expand.mjs";
import { joined } from "./files.mjs";
import { readOptions } from "./options.mjs";
import { Failure } from "./pipeline.mjs";
import { eachFile, Lines } from "./text-builtins.mjs";

const CLASSES = {
  alpha: "\\p{L}",
  digit: "0-9",
  alnum: "\\p{L}0-9",
  upper: "\\p{Lu}",
  lower: "\\p{Ll}",
  space: "\\s",
  blank: " \\t",
  punct: "!-\\/:-@\\[-`\\{-~",
  xdigit: "0-9A-Fa-f",
  cntrl: "\\x00-\\x1f\\x7f",
  print: "\\x20-\\x7e\\u{a0}-\\u{10ffff}",
  graph: "!-~",
};

/** extended: as with `grep -E`. Otherwise ( ) { } + ? | mean themselves without a backslash. */
export function toPattern(text, { extended = false, fold = false, whole = "" } = {}) {
  const source = new Translator(text, extended).all();
  const around = { x: ["^(?:", ")$"], w: ["(?<!\\w)(?:", ")(?!\\w)"], "": ["", ""] }[whole];
  try {
    return new RegExp(around[0] + source + around[1], fold ? "iu" : "u");
  } catch {
    throw new Failure("Invalid regular expression", 2);
  }
}

class Translator {
  constructor(text, extended) {
    this.text = text;
    this.extended = extended;
    this.at = 0;
    this.depth = 0;
    this.source = "";
  }

  all() {
    while (this.at < this.text.length) this.one();
    if (this.depth) throw new Failure("Unmatched ( or \\(", 2);
    return this.source;
  }

  one() {
    const character = String.fromCodePoint(this.text.codePointAt(this.at));
    this.at += character.length;
    if (character === "[") this.set();
    else if (character === ".") this.source += ".";
    else if (character === "*") this.source += this.begins() ? "\\*" : "*";
    else if (character === "^") this.source += this.extended || this.begins() ? "^" : "\\^";
    else if (character === "$") this.source += this.extended || this.ends() ? "$" : "\\$";
    else if (character === "\\") this.escaped();
    else if ("(){}+?|".includes(character)) this.operator(character, this.extended);
    else this.source += literal(character);
  }

  begins() {
    return /(^|\((\?:)?|\||\^)$/.test(this.source) && !/\\[(|^]$/.test(this.source);
  }

  ends() {
    return /^$|^\\[)|]/.test(this.text.slice(this.at));
  }

  escaped() {
    if (this.at === this.text.length) throw new Failure("Trailing backslash", 2);
    const character = this.text[this.at++];
    if ("(){}+?|".includes(character)) this.operator(character, !this.extended);
    else if (character === "<") this.source += "\\b(?=\\w)";
    else if (character === ">") this.source += "\\b(?<=\\w)";
    else if (/[wWsSbB1-9]/.test(character)) this.source += `\\${character}`;
    else this.source += literal(character);
  }

  operator(character, hasMeaning) {
    if (!hasMeaning) this.source += literal(character);
    else if (character === "(") {
      this.depth++;
      this.source += "(";
    } else if (character === ")") {
      if (!this.depth && !this.extended) throw new Failure("Unmatched ) or \\)", 2);
      this.source += this.depth ? ")" : "\\)";
      this.depth -= this.depth ? 1 : 0;
    } else if (character === "{") this.interval();
    else if (character === "}") this.source += "\\}";
    else if (character !== "|" && this.begins()) this.source += literal(character);
    else this.source += character;
  }

  interval() {
    const end = this.extended ? "\\}" : "\\\\\\}";
    const [all, from, comma, to] =
      this.text.slice(this.at).match(new RegExp(`^(\\d*)(,?)(\\d*)${end}`)) ?? [];
    if (!all || (!from && !comma)) {
      if (!this.extended) throw new Failure("Invalid preceding regular expression", 2);
      this.source += "\\{";
      return;
    }
    this.source += `{${from || 0}${comma}${to}}`;
    this.at += all.length;
  }

  set() {
    const [all, negated, inside] =
      this.text.slice(this.at).match(/^(\^?)(\]?(?:\[:\w+:\]|[^\]])*)\]/s) ?? [];
    if (!all) throw new Failure("Unmatched [, [^, [:, [., or [=", 2);
    this.at += all.length;
    const pieces = inside.match(/\[:\w+:\]|./gsu) ?? [];
    const source = pieces.map((piece, index) => {
      const name = piece.match(/^\[:(\w+):\]$/)?.[1];
      if (name && !CLASSES[name]) throw new Failure("Invalid character class name", 2);
      if (name) return CLASSES[name];
      return piece === "-" && index && index < pieces.length - 1 ? "-" : literalInSet(piece);
    });
    this.source += `[${negated}${source.join("")}]`;
  }
}

const OPTIONS = {
  flags: "EFGivncrRlLoqswxhHaI",
  values: "emABC",
  long: {
    "extended-regexp": "E",
    "fixed-strings": "F",
    "ignore-case": "i",
    "invert-match": "v",
    "line-number": "n",
    count: "c",
    recursive: "r",
    "files-with-matches": "l",
    "only-matching": "o",
    quiet: "q",
    "word-regexp": "w",
    "line-regexp": "x",
    regexp: "e",
    "no-filename": "h",
    "with-filename": "H",
    "max-count": "m",
    "after-context": "A",
    "before-context": "B",
    context: "C",
  },
  code: 2,
};

function* grep(io, args) {
  const asked = args.filter((arg) => !/^--colou?r(=|$)/.test(arg));
  const { on, value, all, rest } = readOptions(asked, OPTIONS);
  const texts = all.filter(([letter]) => letter === "e").map(([, text]) => text);
  if (!texts.length) {
    if (!rest.length) {
      yield* io.err("a pattern is missing: grep [OPTION]… PATTERN [FILE]…");
      return 2;
    }
    texts.push(rest.shift());
  }
  const patterns = texts
    .flatMap((text) => text.split("\n"))
    .map((text) =>
      toPattern(on.has("F") ? text.replace(/[\\^$.*[\]]/g, "\\$&") : text, {
        extended: on.has("E") && !on.has("F"),
        fold: on.has("i"),
        whole: on.has("x") ? "x" : on.has("w") ? "w" : "",
      }),
    );
  const recursive = on.has("r") || on.has("R");
  const names = recursive ? [...below(io, rest.length ? rest : [""])] : rest;
  const number = (letter) => Number(value[letter] ?? value.C ?? 0);
  const how = {
    on,
    patterns,
    most: value.m === undefined ? Infinity : Number(value.m),
    named: !on.has("h") && (on.has("H") || recursive || names.length > 1),
    before: number("B"),
    after: number("A"),
    context: ["A", "B", "C"].some((one) => one in value),
  };
  const state = { found: false, printed: false };
  if (recursive && !names.length) return 1;
  const isWhole = yield* eachFile(
    io,
    names,
    function* (input, name) {
      if (on.has("q") && state.found) return;
      if (yield* search(io, input, name === "-" ? "(standard input)" : name, how, state)) {
        state.found = true;
      }
    },
    { complain: (name, error) => `${name}: ${error.message}` },
  );
  if (!isWhole && !(on.has("q") && state.found)) return 2;
  return state.found ? 0 : 1;
}

// The files in these folders, and in the folders in them.
function* below(io, names) {
  for (const name of names) {
    if (!io.files.isFolder(io.cwd, name || ".")) {
      yield name;
      continue;
    }
    const inside = io.files.names(io.cwd, name || ".");
    yield* below(
      io,
      inside.map((one) => (name ? joined(name, one) : one)),
    );
  }
}

// Print what matches in one input; return whether something does.
function* search(io, input, name, how, state) {
  const { on, patterns, named } = how;
  const matches = (line) => {
    const text = fromRawToText(line);
    return patterns.some((pattern) => pattern.test(text)) !== on.has("v");
  };
  const isSilent = ["q", "c", "l", "L"].some((letter) => on.has(letter));
  const label = (separator, number) =>
    (named ? `${name}${separator}` : "") + (on.has("n") ? `${number}${separator}` : "");
  const reader = new Lines(input);
  const recent = [];
  let [count, number, last, wanted, isBinary] = [0, 0, 0, 0, false];
  reading: for (let lines; (lines = yield* reader.next()); ) {
    const output = [];
    const print = (text) => output.push(text);
    isBinary ||= !on.has("a") && lines.some((line) => line.includes("\0"));
    for (const line of lines) {
      number++;
      if (count < how.most && matches(line)) {
        count++;
        if (on.has("q") || on.has("l")) break reading;
        if (!isSilent) {
          if (isBinary) {
            yield* io.out(raw(output));
            yield* io.err(`${name}: binary file matches`);
            return true;
          }
          const first = number - recent.length;
          if (how.context && state.printed && first > last + 1) print("--");
          for (const [index, one] of recent.entries()) print(label("-", first + index) + one);
          recent.length = 0;
          for (const one of on.has("o") ? parts(line, patterns) : [line]) {
            print(label(":", number) + one);
          }
          [last, wanted, state.printed] = [number, how.after, true];
        }
      } else if (wanted > 0 && !isSilent) {
        print(label("-", number) + line);
        [last, wanted] = [number, wanted - 1];
      } else if (how.before) {
        recent.push(line);
        if (recent.length > how.before) recent.shift();
      }
      if (count >= how.most && !wanted) break;
    }
    yield* io.out(raw(output));
    if (count >= how.most && !wanted) break;
  }
  if (on.has("l") && count) yield* io.out(`${name}\n`);
  else if (on.has("L") && !count) yield* io.out(`${name}\n`);
  else if (on.has("c") && !on.has("q")) yield* io.out(`${named ? `${name}:` : ""}${count}\n`);
  return on.has("L") ? !count : count > 0;
}

// A line may hold bytes as characters, or text where it was taken from a match.
const raw = (lines) => fromRaw(lines.map((line) => `${line}\n`).join(""));

// With -o: what matches, and nothing around it.
function parts(line, patterns) {
  const text = fromRawToText(line);
  const all = patterns.map((one) => one.source).join("|");
  const pattern = new RegExp(all, `g${patterns[0].flags}`);
  return [...text.matchAll(pattern)]
    .map(([found]) => found)
    .filter(Boolean)
    .map(fromTextToRaw);
}

export const grepBuiltins = {
  grep: {
    run: grep,
    usage: "grep [-E | -F] [-i] [-v] [-n] [-c] [-l] [-o] [-r] [-w] PATTERN [FILE]…",
    about: "print the lines that match",
    wrong: 2,
  },
};
