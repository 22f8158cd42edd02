// What a screen reader says of a command's output: its first lines as they come, and at the end
// how many more there were. A line that was drawn over, such as a progress bar, is said as it
// stood in the end.

import { count } from "./elements.mjs";

const MOST = 12;
const CONTROLS =
  /\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[\d;?]*[ -/]*[@-~]|\x1b.|[\x00-\x08\x0b-\x1f\x7f]/g;

export class Spoken {
  constructor() {
    this.begin();
  }

  /** A command begins. */
  begin() {
    this.text = "";
    this.announced = 0;
    this.held = 0;
  }

  write(text) {
    this.text += text;
  }

  /**
   * What is to be said now. `isWaiting`: the last line counts, though it has no end: a question.
   */
  take(isWaiting = false) {
    const lines = this.text.split("\n");
    this.text = isWaiting ? "" : lines.pop();
    const now = [];
    for (const line of lines) {
      const shown = line.replace(/\r+$/, "").split("\r").at(-1).replace(CONTROLS, "").trimEnd();
      if (!shown) continue;
      if (this.announced < MOST || (isWaiting && line === lines.at(-1))) now.push(shown);
      else this.held += 1;
      this.announced += 1;
    }
    return now.join("\n");
  }

  /** The command has ended. */
  end(code) {
    const parts = [this.take(true)];
    if (this.held) parts.push(`${count(this.held, "more line")}.`);
    if (code) parts.push(`Exit code ${code}.`);
    this.begin();
    return parts.filter(Boolean).join("\n");
  }
}
