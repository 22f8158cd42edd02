// From a word as it is typed to the words that a command gets: variables, $(…), ~ and globs.

import { unquotedBeginning } from "./syntax.mjs";

/**
 * context: { files, cwd, home, value(name) -> text, output(list) -> Promise<text> }
 * Return the words that one word becomes: none for an empty variable, many for a glob.
 */
export async function expand(word, context) {
  const fields = [];
  for (const field of await split(word, context)) {
    const names = isGlob(field) ? glob(field, context) : [];
    if (names.length) fields.push(...names);
    else fields.push(field.map((piece) => piece.text).join(""));
  }
  return fields;
}

/** Where a single word must come out: the value of an assignment, the quoted part of a line. */
export async function expandToOne(word, context) {
  const texts = [];
  for (const part of withHome(word, context).parts) texts.push(await textOf(part, context));
  return texts.join("");
}

async function textOf(part, context) {
  if (part.text !== undefined) return part.text;
  if (part.variable !== undefined) return context.value(part.variable);
  return (await context.output(part.list)).replace(/\n+$/, "");
}

// A `~` at the beginning is the home folder, alone or before a slash.
function withHome(word, { home }) {
  if (!/^~(\/|$)/.test(unquotedBeginning(word))) return word;
  if (word.parts.length > 1 && word.parts[1].text !== "/") return word;
  return { ...word, parts: [{ text: home, quoted: true }, ...word.parts.slice(1)] };
}

// Return fields, each a list of { text, quoted }. Values that are not quoted are split at blanks.
async function split(word, context) {
  const fields = [];
  let field = null;
  const add = (piece) => (field ??= []).push(piece);
  const end = () => {
    if (field) fields.push(field);
    field = null;
  };
  for (const part of withHome(word, context).parts) {
    const value = await textOf(part, context);
    if (part.quoted || part.text !== undefined) {
      add({ text: value, quoted: part.quoted });
      continue;
    }
    for (const [index, text] of value.split(/[ \t\n]+/).entries()) {
      if (index) end();
      if (text) add({ text, quoted: false });
    }
  }
  end();
  return fields;
}

function isGlob(field) {
  return field.some(({ text, quoted }) => !quoted && /[*?[]/.test(text));
}

// Return the paths that match, sorted, or none.
function glob(field, { files, cwd }) {
  const characters = field.flatMap(({ text, quoted }) =>
    [...text].map((character) => ({ character, quoted })),
  );
  let found = [""];
  for (const segment of segments(characters)) {
    found = found.flatMap((folder) => matches(files, cwd, folder, segment));
  }
  return found.sort((one, other) => (one < other ? -1 : 1));
}

// Return what stands between the slashes; each but the last keeps the slashes after it.
function segments(characters) {
  const result = [{ characters: [], slashes: "" }];
  for (const one of characters) {
    const last = result.at(-1);
    if (one.character === "/") last.slashes += "/";
    else if (last.slashes) result.push({ characters: [one], slashes: "" });
    else last.characters.push(one);
  }
  return result;
}

function matches(files, cwd, folder, { characters, slashes }) {
  const goesOn = (path) => (slashes ? files.isFolder(cwd, path) : files.exists(cwd, path));
  if (!characters.some(({ character, quoted }) => !quoted && "*?[".includes(character))) {
    const path = folder + characters.map(({ character }) => character).join("");
    return path === "" || goesOn(path) ? [path + slashes] : [];
  }
  const pattern = toPattern(characters);
  const hidden = characters[0].character === ".";
  return files
    .names(cwd, folder || ".")
    .filter((name) => (hidden || !name.startsWith(".")) && pattern.test(name))
    .map((name) => folder + name)
    .filter(goesOn)
    .map((path) => path + slashes);
}

// Return a glob's regular expression. Its characters are { character, quoted }.
function toPattern(characters) {
  let source = "";
  for (let index = 0; index < characters.length; index++) {
    const { character, quoted } = characters[index];
    const set = !quoted && character === "[" ? readSet(characters, index) : null;
    if (set) {
      source += set.source;
      index = set.end;
    } else if (quoted) source += literal(character);
    else source += { "*": "[^]*", "?": "[^]" }[character] ?? literal(character);
  }
  return new RegExp(`^(?:${source})$`, "u");
}

/**
 * Return a glob such as `*.py`, in which nothing is quoted, as a regular expression: for `find`.
 */
export function globToPattern(text) {
  const characters = [];
  for (let index = 0; index < text.length; index++) {
    const quoted = text[index] === "\\" && index + 1 < text.length;
    if (quoted) index++;
    characters.push({ character: text[index], quoted });
  }
  return toPattern(characters);
}

function readSet(characters, begin) {
  let index = begin + 1;
  const negated = "!^".includes(characters[index]?.character ?? " ");
  if (negated) index++;
  const first = index;
  let inside = "";
  for (; index < characters.length; index++) {
    const { character, quoted } = characters[index];
    if (character === "]" && !quoted && index > first) {
      const source = `[${negated ? "^" : ""}${inside}]`;
      return isPattern(source) ? { source, end: index } : null;
    }
    const isRange = character === "-" && !quoted && index > first;
    inside += isRange && characters[index + 1]?.character !== "]" ? "-" : literalInSet(character);
  }
  return null;
}

function isPattern(source) {
  try {
    return Boolean(new RegExp(source, "u"));
  } catch {
    return false;
  }
}

export function literal(character) {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}

/** The same inside [...]. */
export function literalInSet(character) {
  return character === "-" ? "\\-" : literal(character);
}
