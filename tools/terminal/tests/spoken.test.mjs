import assert from "node:assert/strict";
import { test } from "node:test";

import { Spoken } from "../view/spoken.mjs";

function spoken(...pieces) {
  const it = new Spoken();
  for (const piece of pieces) it.write(piece);
  return it;
}

test("a line is said when it is complete", () => {
  const it = spoken("one\ntw");
  assert.equal(it.take(), "one");
  it.write("o\n");
  assert.equal(it.take(), "two");
});

test("a question is said though its line has no end", () => {
  assert.equal(spoken("Go on? ").take(true), "Go on?");
});

test("colors and other sequences are not said", () => {
  assert.equal(
    spoken("\x1b[1;31mError\x1b[0m \x1b[?25l\x1b]0;title\x07here\n").take(),
    "Error here",
  );
});

test("a progress bar is said once, as it stood in the end", () => {
  const it = spoken("\r10 %", "\r50 %");
  assert.equal(it.take(), "");
  it.write("\r100 %\r\n");
  assert.equal(it.take(), "100 %");
});

test("of a long output the first lines are said, and how many more came", () => {
  const it = new Spoken();
  for (let line = 1; line <= 1012; line++) it.write(`line ${line}\n`);
  assert.equal(it.take().split("\n").length, 12);
  assert.equal(it.end(0), "1,000 more lines.");
});

test("a question after a long output is said", () => {
  const it = new Spoken();
  for (let line = 1; line <= 20; line++) it.write(`line ${line}\n`);
  it.write("Go on? ");
  assert.equal(it.take(true).split("\n").at(-1), "Go on?");
});

test("a failing exit code is said, and a new command begins anew", () => {
  const it = spoken("no\n");
  assert.equal(it.end(2), "no\nExit code 2.");
  assert.equal(it.end(0), "");
});
