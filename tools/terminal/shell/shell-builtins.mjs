// The builtins that concern the shell itself, the time, and text from nowhere: cd, echo, env, sleep, …

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
  const [text, stops] = hasEscapes ? readEscapes(words.join(" ")) : [words.join(" "), false];
  yield* io.out(text + (isOpen && !stops ? "\n" : ""));
}

const ESCAPE = /\\(0[0-7]{0,3}|x[\da-fA-F]{1,2}|u[\da-fA-F]{1,4}|.)/gs;

// Return the text that backslashes mean, and whether a \c ended it.
function readEscapes(text) {
  const end = text.search(/(?<!\\)(?:\\\\)*\\c/);
  const isCut = end >= 0;
  const begin = isCut ? text.slice(0, text.indexOf("\\c", end)) : text;
  const replaced = begin.replace(ESCAPE, (whole, code) => {
    if (/^[xu]./.test(code)) return String.fromCodePoint(parseInt(code.slice(1), 16));
    if (/^0/.test(code)) return String.fromCharCode(parseInt(code, 8) & 255);
    return code === BACK ? BACK : (CONTROLS[code] ?? whole);
  });
  return [replaced, isCut];
}

// --- The environment ---

const listOf = (env) =>
  Object.entries(env)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");

function* env(io) {
  yield* io.out(listOf(io.env));
}

function* exportVariable(io, args) {
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
function* prefix(_io, args) {
  throw new UsageFailure(args.length ? `cannot run ${args.join(" ")}` : "missing operand", 125);
}

export const shellBuiltins = {
  cd: { run: cd, usage: "cd [FOLDER | -]", about: "go to another folder" },
  pwd: { run: pwd, usage: "pwd", about: "say in which folder you are" },
  echo: { run: echo, usage: "echo [-n] [-e] [TEXT]…", about: "print its words", raw: true },
  env: {
    run: env,
    usage: "env [-i] [NAME=value]… [COMMAND]",
    about: "list the environment, or set it for one command",
  },
  export: {
    run: exportVariable,
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
  clear: { run: clear, usage: "clear", about: "empty the screen" },
  true: { run: succeed, usage: "true", about: "succeed", raw: true },
  false: { run: fail, usage: "false", about: "fail", raw: true },
  ":": { run: succeed, usage: ":", about: "succeed", raw: true },
  exit: { run: exit, usage: "exit [CODE]", about: "end the line" },
};
