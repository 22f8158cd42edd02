import assert from "node:assert/strict";
import { test } from "node:test";

import { inColumns, place, textWidth, units } from "../editing/width.mjs";

test("East Asian letters and emoji take two cells, accents none", () => {
  assert.equal(textWidth("東京"), 4);
  assert.equal(textWidth("👋"), 2);
  assert.equal(textWidth("👋🏽"), 2);
  assert.equal(textWidth("e\u0301"), 1);
  assert.equal(textWidth("Grüße ✓ …"), 9);
});

test("what is joined is one unit", () => {
  assert.deepEqual(units("e\u0301x👋🏽👩‍💻"), ["e\u0301", "x", "👋🏽", "👩‍💻"]);
});

test("a full row puts the cursor in the next", () => {
  assert.deepEqual(place("abcd", 4), { row: 1, column: 0, full: true });
  assert.deepEqual(place("abc", 4), { row: 0, column: 3, full: false });
});

test("a wide character does not hang over the edge", () => {
  assert.deepEqual(place("abc東", 4), { row: 1, column: 2, full: false });
});

test("words stand in columns that are read downwards", () => {
  assert.deepEqual(inColumns(["a", "bb", "c", "d", "e"], 8), ["a   d", "bb  e", "c"]);
});

test("a word wider than the terminal has a row of its own", () => {
  assert.deepEqual(inColumns(["abcdefgh", "b"], 4), ["abcdefgh", "b"]);
});
