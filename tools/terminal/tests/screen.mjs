// A terminal that is only a grid of characters, for the tests of what lines.mjs writes.

import { widthOf } from "../editing/width.mjs";

const PARTS = /\x1b\[([\d;]*)([A-Za-z])|[\s\S]/gu;

export class Screen {
  constructor(columns) {
    this.columns = columns;
    this.rows = [[]];
    this.row = 0;
    this.column = 0;
  }

  write(text) {
    for (const [part, number, command] of text.matchAll(PARTS)) {
      if (command) this.#command(command, Number(number || 0));
      else if (part === "\n") this.#down();
      else if (part === "\r") this.column = 0;
      else this.#put(part);
    }
  }

  #command(command, number) {
    if (command === "A") this.row = Math.max(0, this.row - number);
    if (command === "C") this.column = Math.min(this.columns - 1, this.column + number);
    if (command === "H") this.row = this.column = 0;
    if (command === "J" && number === 0) {
      this.rows.length = this.row + 1;
      this.rows[this.row].length = Math.min(this.rows[this.row].length, this.column);
    }
    if (command === "J" && number === 2) this.rows = this.rows.map(() => []);
  }

  #down() {
    this.row += 1;
    this.column = 0;
    this.rows[this.row] ??= [];
  }

  #put(character) {
    const width = widthOf(character);
    if (this.column + width > this.columns) this.#down();
    const row = this.rows[this.row];
    while (row.length < this.column) row.push(" ");
    row[this.column] = character;
    if (width === 2) row[this.column + 1] = "";
    this.column += width;
  }

  /** The rows down to the last that is not empty. */
  get text() {
    return this.rows
      .map((row) => row.join("").trimEnd())
      .join("\n")
      .trimEnd();
  }
}
