// How many cells of a terminal a text takes. xterm.js is told to count in the same way (see
// terminal.mjs): a cursor that disagrees with what is drawn would end up in the wrong place.

// biome-ignore lint/suspicious/noMisleadingCharacterClass: one character is looked at, and a skin tone alone is one
const NONE = /[\p{M}\u200b-\u200f\u2060\ufeff\u{1f3fb}-\u{1f3ff}]/u;
// East Asian letters and signs are drawn twice as wide, and so is an emoji that needs no selector.
const TWO =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uff60\uffe0-\uffe6\u{17000}-\u{18cff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;

// What the cursor steps over at once: a character with its accents, or joined emoji.
// biome-ignore lint/suspicious/noMisleadingCharacterClass: it is here to match them after another character
const UNIT = /\P{M}(?:[\p{M}\u{1f3fb}-\u{1f3ff}]|\u200d\P{M})*|\p{M}+/gsu;

// A new row that continues a line begins with "> ".
const INDENT = 2;

export function widthOf(character) {
  if (character >= " " && character <= "~") return 1;
  if (NONE.test(character)) return 0;
  return TWO.test(character) ? 2 : 1;
}

export function textWidth(text) {
  let width = 0;
  for (const character of text) width += widthOf(character);
  return width;
}

export function units(text) {
  return text.match(UNIT) ?? [];
}

export function withoutColors(text) {
  return text.replace(/\x1b\[[\d;]*m/g, "");
}

/**
 * Where the cursor stands after `text` was written from the first column of a row. `full`: the row
 * is full, and a terminal waits with the step to the next row until another character comes.
 */
export function place(text, columns) {
  let row = 0;
  let column = 0;
  for (const character of text) {
    if (character === "\n") {
      row += 1;
      column = INDENT;
      continue;
    }
    const width = widthOf(character);
    if (column + width > columns) {
      row += 1;
      column = 0;
    }
    column += width;
  }
  return column < columns ? { row, column, full: false } : { row: row + 1, column: 0, full: true };
}

/** `texts` in as many columns as fit, read downwards as `ls` has them. */
export function inColumns(texts, columns) {
  const wide = Math.max(...texts.map(textWidth)) + 2;
  const across = Math.max(1, Math.floor((columns + 2) / wide));
  const rows = Math.ceil(texts.length / across);
  const lines = [];
  for (let row = 0; row < rows; row++) {
    const line = texts.filter((_, index) => index % rows === row);
    lines.push(
      line
        .map((text) => text + " ".repeat(wide - textWidth(text)))
        .join("")
        .trimEnd(),
    );
  }
  return lines;
}
