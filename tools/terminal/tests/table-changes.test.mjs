import assert from "node:assert/strict";
import test from "node:test";

import {
  compareRows,
  compareTables,
  describe,
  describeChanges,
  identify,
  summarize,
} from "../panels/table-changes.mjs";

const COLUMNS = ["id", "name", "price"];

function table(rows, more = {}) {
  return { name: "shop_product", columns: COLUMNS, key: 0, count: rows.length, rows, ...more };
}

// Rows with the keys from `newest` down, at most 200 of them, as the machine gives them.
function many(newest, oldest, price = "1.00") {
  const rows = [];
  for (let id = newest; id >= oldest && rows.length < 200; id -= 1) {
    rows.push([String(id), `Product ${id}`, price]);
  }
  return table(rows, { count: newest - oldest + 1 });
}

const numbers = ({ added, removed, changed }) => [added, removed, changed];

test("the same rows have no changes", () => {
  const changes = compareRows(many(3, 1), many(3, 1));
  assert.deepEqual(numbers(changes), [0, 0, 0]);
  assert.equal(summarize(changes), "");
  assert.equal(describeChanges("shop_product", changes), "");
});

test("added, removed and changed rows are found by their key", () => {
  const before = table([
    ["3", "Cup", "2"],
    ["2", "Pen", "1"],
    ["1", "Ink", null],
  ]);
  const after = table([
    ["4", "Mug", "3"],
    ["3", "Cup", "2.50"],
    ["1", "Ink", ""],
  ]);
  const changes = compareRows(before, after);
  assert.deepEqual(numbers(changes), [1, 1, 2]);
  assert.deepEqual(changes.newRows, new Set(["4"]));
  assert.deepEqual(changes.goneRows, [["2", "Pen", "1"]]);
  assert.deepEqual(
    changes.cells,
    new Map([
      ["3", new Map([[2, "2"]])],
      ["1", new Map([[2, null]])],
    ]),
  );
  assert.equal(summarize(changes), "+1 −1, 2 changed");
  assert.equal(
    describeChanges("shop_product", changes),
    "shop_product: 1 row added, 1 row removed, 2 rows changed.",
  );
});

test("a row that leaves the window because of newer ones is not removed", () => {
  const changes = compareRows(many(200, 1), many(203, 1));
  assert.deepEqual(numbers(changes), [3, 0, 0]);
  assert.deepEqual(changes.newRows, new Set(["203", "202", "201"]));
});

test("a row that enters the window because newer ones are gone is not added", () => {
  const changes = compareRows(many(203, 1), many(200, 1));
  assert.deepEqual(numbers(changes), [0, 3, 0]);
  assert.equal(changes.goneRows.length, 3);
});

test("rows that come and go out of sight are counted", () => {
  assert.deepEqual(numbers(compareRows(many(200, 1), many(1200, 1))), [1000, 0, 0]);
  assert.deepEqual(numbers(compareRows(many(1200, 1), many(1200, 101))), [0, 100, 0]);
  assert.deepEqual(numbers(compareRows(many(1200, 1), many(50, 1))), [0, 1150, 0]);
});

test("keys of different lengths are compared as numbers", () => {
  const changes = compareRows(many(1000, 1), many(998, 1)); // the window: 1000–801, 998–799
  assert.deepEqual(numbers(changes), [0, 2, 0]);
});

test("keys that are texts are compared as texts", () => {
  const rows = (...names) => names.map((name) => [name, "x", "1"]);
  const before = table(rows("e", "d"), { count: 4 });
  const after = table(rows("d", "c"), { count: 3 });
  assert.deepEqual(numbers(compareRows(before, after)), [0, 1, 0]);
});

test("where rows are out of sight, the numbers are the least that happened", () => {
  const changes = compareRows(many(300, 1), many(300, 1, "2.00"));
  assert.deepEqual(numbers(changes), [0, 0, 200]);
  assert.equal(
    describeChanges("shop_product", changes),
    "shop_product: at least 200 rows changed.",
  );
});

test("a new column is a change in every row, and rows that are gone do not have it", () => {
  const before = table([
    ["2", "Pen", "1"],
    ["1", "Ink", "2"],
  ]);
  const after = table([["1", "blue", "2", "Ink"]], { columns: ["id", "color", "price", "name"] });
  const changes = compareRows(before, after);
  assert.deepEqual(changes.cells, new Map([["1", new Map([[1, undefined]])]]));
  assert.deepEqual(changes.goneRows, [["2", null, "1", "Pen"]]);
});

test("in a table without a key the whole row counts", () => {
  const before = table([["1", "a", "x"]], { key: -1 });
  const after = table([["1", "a", "y"]], { key: -1 });
  assert.deepEqual(numbers(compareRows(before, after)), [1, 1, 0]);
  assert.equal(identify(before, before.rows[0]), '["1","a","x"]');
});

test("a new table has only new rows, and a table that is gone is left out", () => {
  const changes = compareTables([table([], { name: "gone" })], [many(2, 1)]);
  assert.deepEqual([...changes.keys()], ["shop_product"]);
  assert.deepEqual(numbers(changes.get("shop_product")), [2, 0, 0]);
});

test("numbers are written for people", () => {
  assert.equal(summarize({ added: 1045, removed: 0, changed: 0 }), "+1,045");
  assert.equal(summarize({ added: 0, removed: 2, changed: 1 }), "−2, 1 changed");
  assert.equal(describe(many(1045, 1)), "200 newest of 1,045 rows");
  assert.equal(describe(many(1, 1)), "1 row");
  assert.equal(describe(table([])), "no rows");
});
