// What differs between two texts, as `diff -u` prints it. The texts are raw: a character a byte.

import { fromRaw, fromTextToRaw } from "./bytes.mjs";

const CONTEXT = 3;
const NO_END = "\\ No newline at end of file\n";

export function difference(names, texts) {
  const [old, current] = texts.map((text) => text.match(/[^\n]*\n|[^\n]+$/g) ?? []);
  const lines = [`--- ${fromTextToRaw(names[0])}\n`, `+++ ${fromTextToRaw(names[1])}\n`];
  for (const hunk of hunks(edits(old, current))) lines.push(...hunkLines(hunk));
  return fromRaw(lines.join(""));
}

// Return [{ sign: " " | "-" | "+", line, old, current }], with the line numbers before each:
// Myers' shortest way from one to the other.
function edits(old, current) {
  let begin = 0;
  while (begin < old.length && begin < current.length && old[begin] === current[begin]) begin++;
  let end = 0;
  const most = Math.min(old.length, current.length) - begin;
  while (end < most && old.at(-1 - end) === current.at(-1 - end)) end++;
  const middle = shortest(
    old.slice(begin, old.length - end),
    current.slice(begin, current.length - end),
  );
  const same = (line) => ({ sign: " ", line });
  const all = [
    ...old.slice(0, begin).map(same),
    ...middle,
    ...old.slice(old.length - end).map(same),
  ];
  let [oldNumber, currentNumber] = [0, 0];
  return all.map((edit) => {
    const numbered = { ...edit, old: oldNumber, current: currentNumber };
    if (edit.sign !== "+") oldNumber++;
    if (edit.sign !== "-") currentNumber++;
    return numbered;
  });
}

function shortest(old, current) {
  const ends = { 1: 0 };
  const trace = [];
  for (let cost = 0; ; cost++) {
    trace.push({ ...ends });
    for (let diagonal = -cost; diagonal <= cost; diagonal += 2) {
      let x = isDown(ends, diagonal, cost) ? ends[diagonal + 1] : ends[diagonal - 1] + 1;
      while (x < old.length && x - diagonal < current.length && old[x] === current[x - diagonal]) {
        x++;
      }
      ends[diagonal] = x;
      if (x >= old.length && x - diagonal >= current.length) {
        return wayBack(old, current, trace);
      }
    }
  }
}

const isDown = (ends, diagonal, cost) =>
  diagonal === -cost || (diagonal !== cost && ends[diagonal - 1] < ends[diagonal + 1]);

function wayBack(old, current, trace) {
  const result = [];
  let [x, y] = [old.length, current.length];
  for (let cost = trace.length - 1; cost >= 0; cost--) {
    const ends = trace[cost];
    const diagonal = x - y;
    const before = isDown(ends, diagonal, cost) ? diagonal + 1 : diagonal - 1;
    const [fromX, fromY] = [ends[before], ends[before] - before];
    while (x > fromX && y > fromY && x > 0 && y > 0) {
      result.push({ sign: " ", line: old[x - 1] });
      [x, y] = [x - 1, y - 1];
    }
    if (!cost) break;
    if (x === fromX) result.push({ sign: "+", line: current[y - 1] });
    else result.push({ sign: "-", line: old[x - 1] });
    [x, y] = [fromX, fromY];
  }
  return result.reverse();
}

// Return the changes with the lines around them; those that are near each other, in one.
function hunks(all) {
  const changed = all.flatMap(({ sign }, index) => (sign === " " ? [] : [index]));
  const ranges = [];
  for (const index of changed) {
    const last = ranges.at(-1);
    const range = [Math.max(0, index - CONTEXT), Math.min(all.length, index + CONTEXT + 1)];
    if (last && range[0] <= last[1]) last[1] = range[1];
    else ranges.push(range);
  }
  return ranges.map(([begin, end]) => all.slice(begin, end));
}

function hunkLines(hunk) {
  const place = (first, sign) => {
    const count = hunk.filter((edit) => edit.sign !== sign).length;
    return `${count ? first + 1 : first}${count === 1 ? "" : `,${count}`}`;
  };
  return [
    `@@ -${place(hunk[0].old, "+")} +${place(hunk[0].current, "-")} @@\n`,
    ...hunk.map(({ sign, line }) => sign + line + (line.endsWith("\n") ? "" : `\n${NO_END}`)),
  ];
}
