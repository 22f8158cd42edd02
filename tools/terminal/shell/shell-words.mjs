// The words that concern the shell itself, the time, and text from nowhere: cd, echo, env, date, …

import { FileError, resolve } from "./files.mjs";
import { readOptions, toSeconds, UsageFailure } from "./options.mjs";
import { Failure } from "./pipeline.mjs";
import { CONTROLS } from "./syntax.mjs";

const NAME = /^[A-Za-z_]\w*$/;
const BACK = "\\";

// --- Where one is ---

function* cd(io, args) {
  const { rest } = readOptions(args, { flags: "LP" });
  if (rest.length > 1) throw new Failure("too many arguments");
  const { state } = io;
  const target = rest[0] === "-" ? state.env.OLDPWD : (rest[0] ?? io.home);
  if (target === undefined) throw new Failure("OLDPWD not set");
  const folder = resolve(io.cwd, target);
  try {
    if (target && !io.files.stat(io.cwd, target).isFolder) throw new FileError(54);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new Failure(`${target}: ${error.message}`);
  }
  state.env.OLDPWD = state.cwd;
  state.env.PWD = state.cwd = folder;
  if (rest[0] === "-") yield* io.out(`${folder}\n`);
  return 0;
}

function* pwd(io) {
  yield* io.out(`${io.cwd}\n`);
}

// --- Text ---

function* echo(io, args) {
  const words = [...args];
  let isOpen = true;
  let hasEscapes = false;
  while (words.length && /^-[neE]+$/.test(words[0])) {
    for (const letter of words.shift().slice(1)) {
      if (letter === "n") isOpen = false;
      else hasEscapes = letter === "e";
    }
  }
  const [text, stops] = hasEscapes ? unescape(words.join(" "), true) : [words.join(" "), false];
  yield* io.out(text + (isOpen && !stops ? "\n" : ""));
}

const ESCAPE = /\\(0[0-7]{0,3}|[1-7][0-7]{0,2}|x[\da-fA-F]{1,2}|u[\da-fA-F]{1,4}|[^])/g;

// Return the text that backslashes mean, and whether a \c ended it. `inValue`: as for `echo -e`
// and %b, where \0101 is an A and \c is known; else as in printf's format, where \101 is.
function unescape(text, inValue) {
  const end = inValue ? text.search(/(?<!\\)(?:\\\\)*\\c/) : -1;
  const isCut = end >= 0;
  const begin = isCut ? text.slice(0, text.indexOf("\\c", end)) : text;
  const replaced = begin.replace(ESCAPE, (whole, escape) => {
    if (/^[xu]./.test(escape)) return String.fromCodePoint(parseInt(escape.slice(1), 16));
    if (/^0/.test(escape) || (/^[1-7]/.test(escape) && !inValue)) {
      return String.fromCharCode(parseInt(escape, 8) & 255);
    }
    return escape === BACK ? BACK : (CONTROLS[escape] ?? whole);
  });
  return [replaced, isCut];
}

const FORMAT = /%([-+ 0#]*)(\*|\d*)(?:\.(\*|\d*))?([%a-zA-Z])/g;

function* printf(io, args) {
  const [format, ...values] = args[0] === "--" ? args.slice(1) : args;
  if (format === undefined) throw new Failure("usage: printf format [arguments]", 2);
  const state = { values, problems: [], stops: false };
  let text = "";
  do {
    const before = state.values.length;
    text += formatOnce(format, state);
    if (before === state.values.length) break;
  } while (state.values.length && !state.stops);
  yield* io.out(text);
  for (const problem of state.problems) yield* io.err(problem);
  return state.problems.length ? 1 : 0;
}

function formatOnce(format, state) {
  let text = "";
  let at = 0;
  for (const found of format.matchAll(FORMAT)) {
    const [escaped, stops] = unescape(format.slice(at, found.index), false);
    text += escaped;
    at = found.index + found[0].length;
    if ((state.stops ||= stops)) return text;
    text += formatOne(found, state);
    if (state.stops) return text;
  }
  const [escaped, stops] = unescape(format.slice(at), false);
  state.stops ||= stops;
  return text + escaped;
}

function formatOne([all, flags, wide, exact, kind], state) {
  if (kind === "%") return "%";
  const next = () => state.values.shift();
  const width = Number(wide === "*" ? next() : wide) || 0;
  const precision = exact === "*" ? Number(next()) : exact === undefined ? null : Number(exact);
  const sign = (number) =>
    number < 0 ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : "";
  let text;
  if (kind === "s") text = (next() ?? "").slice(0, precision ?? undefined);
  else if (kind === "c") text = [...(next() ?? "")][0] ?? "";
  else if (kind === "b") {
    const [escaped, stops] = unescape(next() ?? "", true);
    text = escaped;
    state.stops = stops;
  } else if ("diuxXo".includes(kind)) {
    const number = Math.trunc(toNumber(next(), state));
    const base = { x: 16, X: 16, o: 8 }[kind] ?? 10;
    text =
      sign(number) +
      Math.abs(number)
        .toString(base)
        .padStart(precision ?? 0, "0");
    if (kind === "X") text = text.toUpperCase();
  } else if ("fF".includes(kind)) {
    const number = toNumber(next(), state);
    text = sign(number) + Math.abs(number).toFixed(precision ?? 6);
  } else throw new Failure(`\`${all}': this conversion is not known here`);
  if (flags.includes("-")) return text.padEnd(width);
  if (flags.includes("0") && !"scb".includes(kind) && text.length < width) {
    const [, before, digits] = text.match(/^([-+ ]?)(.*)$/s);
    return before + digits.padStart(width - before.length, "0");
  }
  return text.padStart(width);
}

function toNumber(text = "", state) {
  if (/^["']/.test(text)) return text.codePointAt(1) ?? 0;
  const trimmed = text.trim();
  const number = trimmed === "" ? 0 : Number(trimmed);
  if (Number.isFinite(number)) return number;
  state.problems.push(`${text}: invalid number`);
  return parseFloat(trimmed) || 0;
}

// --- The environment ---

const listOf = (env) =>
  Object.entries(env)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");

function* env(io) {
  yield* io.out(listOf(io.env));
}

function* exportWord(io, args) {
  const { state } = io;
  const names = args.filter((arg) => arg !== "-p");
  if (!names.length) {
    const lines = Object.keys(state.env)
      .sort()
      .map((name) => `declare -x ${name}="${state.env[name].replace(/[\\"$`]/g, "\\$&")}"\n`);
    yield* io.out(lines.join(""));
    return 0;
  }
  let code = 0;
  for (const arg of names) {
    const [, name, value] = arg.match(/^([^=]*)(?:=(.*))?$/s);
    if (!NAME.test(name)) {
      code = 1;
      yield* io.err(`\`${arg}': not a valid identifier`);
      continue;
    }
    const known = value ?? state.vars[name] ?? state.env[name];
    delete state.vars[name];
    if (known !== undefined) state.env[name] = known;
  }
  return code;
}

function* unset(io, args) {
  const names = args.filter((arg) => arg !== "-v");
  for (const name of names) {
    if (!NAME.test(name)) throw new Failure(`\`${name}': not a valid identifier`);
    delete io.state.vars[name];
    delete io.state.env[name];
  }
  yield;
}

// --- Time ---

function* sleep(io, args) {
  if (!args.length) throw new UsageFailure("missing operand");
  let seconds = 0;
  for (const arg of args) {
    const some = toSeconds(arg);
    if (some === null) throw new UsageFailure(`invalid time interval ‘${arg}’`);
    seconds += some;
  }
  yield io.sleep(seconds * 1000);
}

const DAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");
const MONTHS =
  "January February March April May June July August September October November December".split(
    " ",
  );

function* date(io, args) {
  const formats = args.filter((arg) => arg !== "-u" && arg !== "--utc");
  if (formats.length > 1) throw new UsageFailure(`extra operand ‘${formats[1]}’`);
  const format = formats[0] ?? "+%a %b %e %H:%M:%S %Z %Y";
  if (!format.startsWith("+")) throw new UsageFailure(`invalid date ‘${format}’`);
  yield* io.out(`${formatted(new Date(), format.slice(1))}\n`);
}

// In UTC.
function formatted(now, format) {
  const two = (number) => String(number).padStart(2, "0");
  const iso = now.toISOString();
  const parts = {
    Y: iso.slice(0, 4),
    m: iso.slice(5, 7),
    d: iso.slice(8, 10),
    H: iso.slice(11, 13),
    M: iso.slice(14, 16),
    S: iso.slice(17, 19),
    F: iso.slice(0, 10),
    T: iso.slice(11, 19),
    e: String(now.getUTCDate()).padStart(2),
    y: iso.slice(2, 4),
    R: iso.slice(11, 16),
    a: DAYS[now.getUTCDay()].slice(0, 3),
    A: DAYS[now.getUTCDay()],
    u: now.getUTCDay() || 7,
    b: MONTHS[now.getUTCMonth()].slice(0, 3),
    B: MONTHS[now.getUTCMonth()],
    I: two(now.getUTCHours() % 12 || 12),
    p: now.getUTCHours() < 12 ? "AM" : "PM",
    s: Math.floor(now / 1000),
    N: `${iso.slice(20, 23)}000000`,
    Z: "UTC",
    z: "+0000",
    n: "\n",
    t: "\t",
    "%": "%",
  };
  return format.replace(/%(.)/gs, (whole, letter) => parts[letter] ?? whole);
}

// --- The rest ---

function* clear(io) {
  yield* io.out("\x1b[H\x1b[2J\x1b[3J");
}

function* succeed() {
  return 0;
}

function* fail() {
  return 1;
}

function* exit(io, args) {
  const [text] = args;
  if (text !== undefined && !/^\d+$/.test(text))
    throw new Failure(`${text}: a number is needed`, 2);
  io.state.leaving = true;
  return text === undefined ? io.state.code : Number(text) & 255;
}

// Only reached where the command is missing: with one, they have been read off before.
function* prefix(io, args) {
  throw new UsageFailure(args.length ? `cannot run ${args.join(" ")}` : "missing operand", 125);
}

export const shellWords = {
  cd: { run: cd, usage: "cd [FOLDER | -]", about: "go to another folder" },
  pwd: { run: pwd, usage: "pwd", about: "say in which folder you are" },
  echo: { run: echo, usage: "echo [-n] [-e] [TEXT]…", about: "print its words", raw: true },
  printf: { run: printf, usage: "printf FORMAT [VALUE]…", about: "print values", raw: true },
  env: {
    run: env,
    usage: "env [-i] [NAME=value]… [COMMAND]",
    about: "list the environment, or set it for one command",
  },
  export: {
    run: exportWord,
    usage: "export NAME[=value]…",
    about: "set a variable for the commands that follow",
  },
  unset: { run: unset, usage: "unset NAME…", about: "forget a variable" },
  sleep: { run: sleep, usage: "sleep SECONDS", about: "wait" },
  timeout: {
    run: prefix,
    usage: "timeout [-s TERM|INT] SECONDS COMMAND",
    about: "end a command after some time",
  },
  date: { run: date, usage: "date [-u] [+FORMAT]", about: "print the time" },
  clear: { run: clear, usage: "clear", about: "empty the screen" },
  true: { run: succeed, usage: "true", about: "succeed", raw: true },
  false: { run: fail, usage: "false", about: "fail", raw: true },
  ":": { run: succeed, usage: ":", about: "succeed", raw: true },
  exit: { run: exit, usage: "exit [CODE]", about: "end the line" },
};
