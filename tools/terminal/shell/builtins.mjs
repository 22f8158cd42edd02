// All builtins of the shell, and what stands behind a command's name: a builtin, Python, or one
// sentence that says why there is nothing.

import { course } from "../course.mjs";
import { fileBuiltins } from "./file-builtins.mjs";
import { grepBuiltins } from "./grep.mjs";
import { lineBuiltins } from "./line-builtins.mjs";
import { toSeconds, UsageFailure } from "./options.mjs";
import { shellBuiltins } from "./shell-builtins.mjs";
import { textBuiltins } from "./text-builtins.mjs";

export const PYTHONS = ["python", "python3", "pytest", "django-admin"];

const EDITOR = "Open the file in the editor beside the terminal instead.";
const NO_PROGRAMS = `A browser runs no other programs. ${course.elsewhere}`;
const CANNOT = {
  "pip pip3 pipx uv poetry conda brew npm npx": `A browser installs nothing. ${course.installed}`,
  "source . activate deactivate virtualenv": `A browser has no virtual environments. ${course.installed}`,
  "git gh hg svn": `A browser has no version control. ${course.elsewhere}`,
  "sqlite3 psql mysql createdb dropdb pg_dump redis-cli":
    "Look at the database panel, or type python manage.py shell.",
  "docker podman docker-compose systemctl crontab make apt apt-get node": NO_PROGRAMS,
  "bash sh zsh fish sudo su exec eval set alias read trap":
    "This small shell runs one line at a time.",
  "nano vim vi emacs code micro pico ed": EDITOR,
  "less more": "Use cat, head or tail: the terminal scrolls.",
  "man info": "Type help, or a word with --help, or python manage.py help NAME.",
  "curl wget ssh scp ping nc": `A page cannot reach other machines from here. ${course.elsewhere}`,
  "kill pkill killall ps top jobs fg bg": "One command runs at a time. Ctrl-C ends it.",
  "mkdocs ruff coverage tox zensical": `It is not part of this page. ${course.elsewhere}`,
  "gunicorn uvicorn daphne celery": `A page cannot serve others. ${course.elsewhere}`,
  "ipython py bpython": "Type python.",
};
const HINTS = Object.fromEntries(
  Object.entries(CANNOT).flatMap(([names, hint]) => names.split(" ").map((name) => [name, hint])),
);
// What `python` is asked to do that the browser cannot.
const MODULES = {
  venv: "source",
  virtualenv: "source",
  pip: "pip",
  ensurepip: "pip",
  mkdocs: "mkdocs",
};

const which = {
  usage: "which NAME…",
  about: "say whether there is such a command",
  *run(io, args) {
    let code = 0;
    for (const name of args) {
      if (PYTHONS.includes(name)) yield* io.out(`${name} is Python, in this page\n`);
      else if (Object.hasOwn(builtins, name)) yield* io.out(`${name} is a word of this shell\n`);
      else code = 1;
    }
    return code;
  },
};

const help = {
  usage: "help [NAME]",
  about: "list what there is",
  *run(io, args) {
    for (const name of args) {
      if (!Object.hasOwn(builtins, name)) {
        yield* io.err(`there is no word ${name} here`);
        return 1;
      }
      yield* io.out(helpOn(name));
    }
    if (!args.length) yield* io.out(overview());
    return 0;
  },
};

const helpOn = (name) =>
  `Usage: ${builtins[name].usage}\nIt is there to ${builtins[name].about}.\n`;

function overview() {
  const shown = Object.keys(builtins)
    .filter((name) => name !== ":")
    .sort();
  const width = Math.max(...shown.map((name) => name.length));
  return [
    ...course.help,
    "\n",
    ...shown.map((name) => `${name.padEnd(width)}  ${builtins[name].about}\n`),
    "\n",
    "Between commands: | && || ;   Around one: > >> 2> 2>&1 &> <, NAME=value, time, !\n",
    "In words: '…' \"…\" $'…' $NAME $? $(…) * ? [a-z] ~   Ctrl-C ends a command.\n",
  ].join("");
}

/** Each builtin by its name: { run, usage, about }, with `raw` where `--help` is text like any other. */
export const builtins = {
  ...textBuiltins,
  ...lineBuiltins,
  ...grepBuiltins,
  ...fileBuiltins,
  ...shellBuiltins,
  which,
  type: which,
  help,
};

/**
 * Return what these words run: { name, python: argv } or { name, run: generator function, args },
 * each with `env` and, inside `timeout`, with `timeout`. { problem, code } where there is nothing.
 */
export function lookUp(argv, { env, files, cwd }) {
  let [name, ...args] = argv;
  let timeout;
  for (;;) {
    const inner = args[0] === "--help" ? null : readPrefix(name, args, env);
    if (!inner) break;
    if (inner.problem) return inner;
    ({ env } = inner);
    if (!inner.argv.length) return { name, run: builtins[name].run, args: [], env };
    timeout ??= inner.timeout;
    [name, ...args] = inner.argv;
  }
  const python = toPython(name, args, files, cwd);
  if (python) return { name, python, env, timeout };
  if (Object.hasOwn(builtins, name)) {
    const run = args.includes("--help") && !builtins[name].raw ? printHelp : builtins[name].run;
    return { name, run, args, env, timeout };
  }
  return missing(name, args, files, cwd);
}

function* printHelp(io) {
  yield* io.out(helpOn(io.name));
}

// `env NAME=value` and `timeout 5` stand before a command. Return what they say and the rest.
function readPrefix(name, args, env) {
  try {
    if (name === "env") return readEnv(args, env);
    if (name === "timeout") return readTimeout(args, env);
    return name === "command" && args.length && !args[0].startsWith("-")
      ? { argv: args, env }
      : null;
  } catch (error) {
    if (!(error instanceof UsageFailure)) throw error;
    const text = `${name}: ${error.message}\nTry '${name} --help' for more information.\n`;
    return { problem: text, code: 125 };
  }
}

function readEnv(args, outer) {
  const rest = [...args];
  let env = { ...outer };
  while (rest[0]?.startsWith("-")) {
    const option = rest.shift();
    if (option === "--") break;
    if (option === "-i" || option === "-") env = {};
    else if (option === "-u" && rest.length) delete env[rest.shift()];
    else throw new UsageFailure(`invalid option -- '${option.slice(1)}'`);
  }
  while (/^[^=]+=/.test(rest[0] ?? "")) {
    const [, variable, value] = rest.shift().match(/^([^=]+)=(.*)$/s);
    env[variable] = value;
  }
  return { argv: rest, env };
}

const SIGNALS = { TERM: 15, SIGTERM: 15, 15: 15, INT: 2, SIGINT: 2, 2: 2 };

function readTimeout(args, env) {
  let signal = 15;
  const rest = [...args];
  while (rest[0]?.startsWith("-")) {
    const option = rest.shift();
    const [, inline] = option.match(/^(?:-s|--signal=)(.+)$/) ?? [];
    const isSignal = inline ?? (option === "-s" || option === "--signal");
    if (!isSignal) throw new UsageFailure(`invalid option -- '${option.replace(/^-+/, "")}'`);
    const name = inline ?? rest.shift();
    signal = SIGNALS[name];
    if (!signal) throw new UsageFailure(`${name}: invalid signal`);
  }
  if (rest.length < 2) throw new UsageFailure("missing operand");
  const seconds = toSeconds(rest.shift());
  if (seconds === null)
    throw new UsageFailure(`invalid time interval ‘${args.at(-rest.length - 1)}’`);
  // As in Linux, 0 seconds are no limit.
  return { argv: rest, env, timeout: seconds ? { seconds, signal } : undefined };
}

// Return the arguments for a Python process, or null.
function toPython(name, args, files, cwd) {
  if (PYTHONS.includes(name)) return cannotStart(args) ? null : [name, ...args];
  const isScript = name.includes("/") && name.endsWith(".py") && files.exists(cwd, name);
  if (!isScript || files.isFolder(cwd, name)) return null;
  return cannotStart([name]) ? null : ["python", name, ...args];
}

// Return the key of the hint that tells why Python cannot do this here, if it cannot.
function cannotStart(args) {
  if (args[0] === "-m") return MODULES[args[1]];
  return course.installer.test(args[0] ?? "") ? "start" : undefined;
}

function missing(name, args, files, cwd) {
  if (PYTHONS.includes(name) || course.installer.test(name)) {
    const key = cannotStart(PYTHONS.includes(name) ? args : [name]);
    const hint = key === "start" ? course.uninstallable : HINTS[key];
    const what = [name, ...args.slice(0, args[0] === "-m" ? 2 : 1)].join(" ");
    return { problem: `${what}: not in the browser\n${hint}\n`, code: 127 };
  }
  if (name.includes("/")) return notRunnable(name, files, cwd);
  const hint = Object.hasOwn(HINTS, name) ? `${HINTS[name]}\n` : "";
  return { problem: `${name}: command not found\n${hint}`, code: 127 };
}

function notRunnable(name, files, cwd) {
  const found = files.find(cwd, name);
  if (!found) return { problem: `${name}: No such file or directory\n`, code: 127 };
  const why = found.isFolder ? "Is a directory" : "Permission denied";
  return { problem: `${name}: ${why}\n`, code: 126 };
}
