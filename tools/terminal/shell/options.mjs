// The arguments of a builtin, read as GNU's programs read theirs.

import { Failure } from "./pipeline.mjs";

/**
 * flags: letters that stand alone, "ivn". values: letters that take a value, "nc".
 * long: { lines: "n" }: the long names of letters.
 * Return { on: Set of letters, value: { letter: text }, all: [[letter, text], …], rest }.
 */
export function readOptions(args, { flags = "", values = "", long = {}, code = 1, numbers } = {}) {
  const result = { on: new Set(), value: {}, all: [], rest: [] };
  const queue = [...args];
  const set = (letter, value) => {
    if (value === undefined) result.on.add(letter);
    else result.value[letter] = value;
    result.all.push([letter, value]);
  };
  while (queue.length) {
    const arg = queue.shift();
    if (arg === "--") {
      result.rest.push(...queue);
      break;
    } else if (numbers && /^-\d+$/.test(arg)) {
      set(numbers, arg.slice(1)); // head -3
    } else if (arg.startsWith("--")) {
      readLong(arg, queue, { values, long, code, set });
    } else if (arg.startsWith("-") && arg !== "-") {
      readShort(arg.slice(1), queue, { flags, values, code, set });
    } else {
      result.rest.push(arg);
    }
  }
  return result;
}

function readLong(arg, queue, { values, long, code, set }) {
  const [, name, value] = arg.match(/^--([^=]*)(?:=(.*))?$/s);
  const names = Object.keys(long).filter((one) => one.startsWith(name));
  const letter = long[name] ?? (names.length === 1 ? long[names[0]] : undefined);
  if (!letter) throw new UsageFailure(`unrecognized option '${arg}'`, code);
  if (!values.includes(letter)) return set(letter);
  if (value === undefined && !queue.length) {
    throw new UsageFailure(`option '${arg}' requires an argument`, code);
  }
  return set(letter, value ?? queue.shift());
}

function readShort(letters, queue, { flags, values, code, set }) {
  for (let index = 0; index < letters.length; index++) {
    const letter = letters[index];
    if (values.includes(letter)) {
      const rest = letters.slice(index + 1);
      if (!rest && !queue.length) {
        throw new UsageFailure(`option requires an argument -- '${letter}'`, code);
      }
      return set(letter, rest || queue.shift());
    }
    if (!flags.includes(letter)) throw new UsageFailure(`invalid option -- '${letter}'`, code);
    set(letter);
  }
  return undefined;
}

/** Wrong arguments. Its second line says how to ask for help. */
export class UsageFailure extends Failure {
  constructor(message, code = 1) {
    super(message, code);
    this.isUsage = true;
  }
}

export function toCount(text, what, code = 1) {
  if (!/^\d+$/.test(text)) throw new Failure(`invalid number of ${what}: ‘${text}’`, code);
  return Number(text);
}

/** Return the seconds of `1`, `0.5`, `2m`. */
export function toSeconds(text) {
  const [all, number, unit] = text.match(/^(\d+\.?\d*|\.\d+)([smhd]?)$/) ?? [];
  if (!all) return null;
  return Number(number) * { "": 1, s: 1, m: 60, h: 3600, d: 86400 }[unit];
}
