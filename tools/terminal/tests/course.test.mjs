// One file knows the course: nothing else of the terminal names what is in it.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { course } from "../course.mjs";

const FOLDERS = ["editing", "machine", "packing", "panels", "python", "shell", "view"];
const files = FOLDERS.flatMap((folder) =>
  readdirSync(new URL(`../${folder}/`, import.meta.url)).map((name) => `${folder}/${name}`),
).filter((file) => !file.endsWith(".txt"));
// Without what is taken from the one file.
const read = (file) =>
  readFileSync(new URL(`../${file}`, import.meta.url), "utf8").replace(
    /\bcourse\.\w+|\/course\.mjs/g,
    "",
  );
const KNOWN = [course.home, course.python.settings, course.database, course.python.prefix];
const NAMES = [...KNOWN, ...course.python.sources, ...course.python.tables, "/steps", "Set up"];

for (const name of [...NAMES, "shop", "start.py", "users.csv"]) {
  test(`only course.mjs knows of ${name}`, () => {
    assert.deepEqual(
      files.filter((file) => read(file).includes(name)),
      [],
    );
  });
}
