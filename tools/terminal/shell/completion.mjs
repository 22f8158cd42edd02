// What Tab offers for the word before the cursor.
//
//   await complete(shell, line, cursor, commandsOf)  ->  { start, candidates }
//
// Each of `candidates` can replace line.slice(start, cursor). `commandsOf()` returns a promise of
// manage.py's commands, [{ name, options: ["--dry-run", …], choices: { "--format": ["csv"] } }];
// it is only called where their names matter.

import { course } from "../course.mjs";
import { builtins, PYTHONS } from "./builtins.mjs";
import { baseName } from "./files.mjs";
import { LineError, parse } from "./syntax.mjs";

export async function complete(shell, line, cursor, commandsOf) {
  const place = findPlace(line.slice(0, cursor));
  if (!place) return { start: cursor, candidates: [] };
  const { word, before, isFile } = place;
  const helper = new Completion(shell, word, commandsOf);
  const found = isFile ? helper.files() : await helper.of(withoutPrefixes(before));
  const candidates = [...new Set(found)].sort().map((text) => quote(text, word));
  return { start: word.start, candidates };
}

// --- Where the cursor stands ---

// Return { word: { start, text, open }, before: the words of its command, isFile }, or null where
// nothing can be offered: in a comment, after a variable, in a line that cannot be understood.
function findPlace(text) {
  let list;
  try {
    list = parse(text, { partial: true });
  } catch (error) {
    if (error instanceof LineError) return null;
    throw error;
  }
  return placeIn(list, text);
}

function placeIn(list, text) {
  const command = list.at(-1)?.pipeline.commands.at(-1);
  const nothing = { start: text.length, text: "", open: null };
  if (!command) return /(^|\s)#/.test(text) ? null : { word: nothing, before: [], isFile: false };
  const targets = command.redirections.map(({ target }) => target);
  const assigned = command.assignments.map(({ value }) => value);
  const all = [...command.words, ...assigned, ...targets];
  const current = all.find((word) => word?.end === text.length);
  if (!current) {
    const last = Math.max(0, ...all.map((word) => word?.end ?? 0));
    const rest = text.slice(last);
    if (/(^|\s)#/.test(rest)) return null;
    const isFile = targets.includes(null);
    const isNew = !isFile && /[|;&\n(]/.test(rest);
    return { word: nothing, before: isNew ? [] : command.words.map(textOf), isFile };
  }
  const last = current.parts.at(-1);
  if (last?.open) return placeIn(last.list, text);
  if (assigned.includes(current) || current.parts.some((part) => part.text === undefined)) {
    return null;
  }
  const before = command.words.slice(0, command.words.indexOf(current)).map(textOf);
  const word = { start: current.start, text: textOf(current), open: current.open };
  return { word, before, isFile: targets.includes(current) };
}

const textOf = (word) => word.parts.map((part) => part.text ?? "").join("");

// `timeout 5 python …` is completed like `python …`.
function withoutPrefixes(words) {
  const rest = [...words];
  for (;;) {
    const isPrefix = ["env", "timeout", "time", "!", "command"].includes(rest[0]);
    if (!isPrefix) return rest;
    const name = rest.shift();
    while (rest[0]?.startsWith("-")) rest.shift();
    if (name === "timeout") rest.shift();
    while (name === "env" && rest[0]?.includes("=")) rest.shift();
  }
}

// --- What can stand there ---

class Completion {
  constructor(shell, word, commandsOf) {
    this.shell = shell;
    this.prefix = word.text;
    this.commandsOf = commandsOf;
  }

  of(before) {
    const [name, ...args] = before;
    if (name === undefined) return this.firstWord();
    if (name === "django-admin" || baseName(name) === "manage.py") return this.manage(args);
    if (name === "python" || name === "python3") return this.python(args);
    if (name === "pytest") return this.pytest();
    if (["which", "type"].includes(name)) return this.matching(commandNames());
    if (name === "help") return this.matching(Object.keys(builtins));
    if (["export", "unset"].includes(name)) return this.matching(this.variables());
    return this.files({ only: ["cd", "rmdir"].includes(name) ? isFolder : undefined });
  }

  matching(texts) {
    return texts.filter((text) => text.startsWith(this.prefix));
  }

  firstWord() {
    if (this.prefix.includes("/")) return this.files({ only: isFolderOrPython });
    return this.matching(commandNames());
  }

  variables() {
    return [...Object.keys(this.shell.env), ...Object.keys(this.shell.state.vars)];
  }

  python([script, ...args]) {
    if (script === undefined) return this.files({ only: isFolderOrPython });
    return baseName(script) === "manage.py" ? this.manage(args) : this.files();
  }

  pytest() {
    if (this.prefix.startsWith("-")) {
      return this.matching(["-k", "-q", "-s", "-v", "-x", "--co", "--lf", "--maxfail", "--tb"]);
    }
    const tests = this.files({ only: isFolderOrPython });
    const inChapters = tests.filter((path) => path.startsWith(`${course.chapters}/`));
    return inChapters.length ? inChapters : tests;
  }

  // After `python manage.py`.
  async manage([name, ...args]) {
    const commands = await this.commandsOf();
    const names = commands.map((command) => command.name);
    if (name === undefined) return this.matching(names);
    if (name === "help") return args.length ? [] : this.matching(names);
    const { options = [], choices = {} } = commands.find((one) => one.name === name) ?? {};
    const chosen = choices[args.at(-1)];
    if (chosen) return this.matching(chosen);
    const [option] = this.prefix.match(/^--[^=]+(?==)/) ?? [];
    if (option) return this.matching((choices[option] ?? []).map((one) => `${option}=${one}`));
    if (this.prefix.startsWith("-")) return this.matching(options);
    if (!args.length && Object.hasOwn(course.arguments, name)) {
      const { files, home } = this.shell;
      return this.matching(course.arguments[name]((folder) => files.names(home, folder)));
    }
    return this.files();
  }

  // Files and folders; the names of folders end with a slash.
  files({ only = () => true } = {}) {
    const { files, cwd, home } = this.shell;
    const [, above, begin] = this.prefix.match(/^(.*\/)?([^/]*)$/s);
    const folder = (above ?? "./").replace(/^~\//, `${home}/`);
    return files
      .names(cwd, folder)
      .filter((name) => name.startsWith(begin))
      .filter((name) => begin.startsWith(".") || !name.startsWith("."))
      .filter((name) => name !== "__pycache__")
      .map((name) => name + (files.isFolder(cwd, folder + name) ? "/" : ""))
      .filter(only)
      .map((name) => (above ?? "") + name);
  }
}

const isFolder = (name) => name.endsWith("/");
const isFolderOrPython = (name) => isFolder(name) || name.endsWith(".py");
const commandNames = () => [
  ...Object.keys(builtins).filter((name) => name !== ":"),
  ...PYTHONS,
  "time",
];

// --- How it is typed ---

// Return the text as it is typed, inside the quote that is open already.
function quote(text, { open }) {
  if (open === "$'") return `$'${text.replace(/['\\]/g, "\\$&")}${closing(text, "'")}`;
  if (open === '"') return `"${text.replace(/["\\$`]/g, "\\$&")}${closing(text, '"')}`;
  if (open === "'") return `'${text.replaceAll("'", "'\\''")}${closing(text, "'")}`;
  const [, home, rest] = text.match(/^(~\/)?(.*)$/s);
  return (home ?? "") + rest.replace(/[\s'"\\$`|&;<>()*?[\]{}!#~]/g, "\\$&");
}

// In a folder, the word goes on.
const closing = (text, mark) => (text.endsWith("/") ? "" : mark);
