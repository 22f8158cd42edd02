import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "node:test";

import { kindOf, makePatch, makeZip } from "../panels/changes.mjs";
import { exchange } from "../shell/difference.mjs";
import { find } from "./packages.mjs";

const diff = find("diff");
const fflate = find("fflate");
const NO_PACKAGES = "needs npm's packages: run `npm ci` in tools/terminal";
const skip = diff && fflate ? false : NO_PACKAGES;

const lines = (from, to) =>
  Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}\n`).join("");

// Each of them alone, and all of them in one patch.
const CASES = {
  "a changed line": ["rows.py", lines(1, 9), `${lines(1, 4)}other\n${lines(6, 9)}`],
  "changes far apart": ["far.py", lines(1, 60), `first\n${lines(2, 59)}last\n`],
  "a new file in new folders": ["chapters/10/new/one.py", null, "print(1)\n"],
  "a new file without a newline at its end": ["bare.txt", null, "bare"],
  "a new empty file": ["pkg/__init__.py", null, ""],
  "a deleted file": ["old.py", lines(1, 3), null],
  "a deleted file without a newline at its end": ["old.txt", "a\nb", null],
  "a deleted empty file": ["gone/__init__.py", "", null],
  "a file that becomes empty": ["emptied.py", lines(1, 3), ""],
  "an empty file that gets text": ["filled.py", "", lines(1, 3)],
  "a newline at the end that goes": ["goes.txt", "a\nb\n", "a\nb"],
  "a newline at the end that comes": ["comes.txt", "a\nb", "a\nb\n"],
  "no newline at the end, before and after": ["without.txt", "a\nb", "c\nb"],
  CRLF: ["windows.csv", "a;b\r\n1;2\r\n3;4\r\n", "a;b\r\n1;9\r\n3;4\r\n"],
  "CRLF that becomes LF": ["ends.csv", "a\r\nb\r\n", "a\nb\n"],
  "a carriage return inside a line": ["bar.txt", "10%\r20%\rdone\nx\n", "10%\r30%\rdone\nx\n"],
  "names and text beyond ASCII": ["Bücher/Straße 🐍.txt", "é\nGröße\n", "è\n大きさ 🐍\n"],
  "a name with a space": ["my notes.txt", "a\n", "b\n"],
  "a new name with a space": ["a new/name of mine.txt", null, "b\n"],
  'a name with " and \\': ['say "hi" \\ bye.txt', "a\n", "b\n"],
  "lines that look like a patch": ["p.txt", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n", "-- \n+++ b/y\n"],
  "a byte order mark": ["bom.csv", "\ufeffname\nAda\n", "\ufeffname\nGrace\n"],
  "space at the end of a line": ["spaces.txt", "a  \nb\n", "a\t \nb\n"],
};

function changesOf(cases) {
  return new Map(cases.map(([path, original, current]) => [path, { original, current }]));
}

// Write the originals into a repository, apply the patch, and compare every byte.
function apply(cases, patch) {
  const folder = mkdtempSync(join(tmpdir(), "patch-"));
  const git = (...args) =>
    execFileSync("git", ["-c", "core.autocrlf=false", ...args], { cwd: folder, stdio: "pipe" });
  try {
    git("init", "--quiet");
    for (const [path, original] of cases) {
      if (original === null) continue;
      mkdirSync(join(folder, dirname(path)), { recursive: true });
      writeFileSync(join(folder, path), original);
    }
    git("add", "--all");
    writeFileSync(join(folder, ".git/changes.patch"), patch);
    git("apply", "--index", ".git/changes.patch");
    for (const [path, , current] of cases) {
      const file = join(folder, path);
      if (current === null) assert.ok(!existsSync(file), `${path} is still there`);
      else assert.deepEqual(readFileSync(file), Buffer.from(current), path);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const [name, one] of Object.entries(CASES)) {
  test(`git applies ${name}`, { skip }, () => apply([one], makePatch(changesOf([one]), diff)));
}

test("git applies all of it at once", { skip }, () => {
  const cases = Object.values(CASES);
  apply(cases, makePatch(changesOf(cases), diff));
});

test("git applies files that took too long to compare", { skip }, () => {
  const cases = [
    ["a.txt", "a\nb\n", "c\nd\ne\n"],
    ["b.txt", "a\nb", "c"],
  ];
  const patch = cases.map(([path, original, current]) =>
    diff.formatPatch({
      isGit: true,
      oldFileName: `a/${path}`,
      newFileName: `b/${path}`,
      hunks: exchange(original, current, diff.structuredPatch),
    }),
  );
  apply(cases, patch.join(""));
});

test("files with nothing in common are compared in a few seconds", { skip }, () => {
  const many = (word) => Array.from({ length: 30_000 }, (_, row) => `${word} ${row}\n`).join("");
  const one = ["many.csv", many("old"), many("new")];
  apply([one], makePatch(changesOf([one]), diff));
});

test("a patch names its files in order, and leaves out what is as it came", { skip }, () => {
  const patch = makePatch(
    changesOf([
      ["b.py", "1\n", "2\n"],
      ["same.py", "1\n", "1\n"],
      ["a.py", "1\n", "2\n"],
      ["never.py", null, null],
    ]),
    diff,
  );
  assert.deepEqual(patch.match(/^diff .*$/gm), [
    "diff --git a/a.py b/a.py",
    "diff --git a/b.py b/b.py",
  ]);
});

test("without changes the patch is empty", { skip }, () => {
  assert.equal(makePatch(new Map(), diff), "");
});

test("a zip holds the changed files in their folders, and the patch", { skip }, () => {
  const changes = changesOf([CASES["a deleted file"], CASES["names and text beyond ASCII"]]);
  const files = fflate.unzipSync(makeZip(changes, "the patch", fflate));
  const texts = Object.fromEntries(
    Object.entries(files).map(([path, bytes]) => [path, fflate.strFromU8(bytes)]),
  );
  assert.deepEqual(texts, {
    "Bücher/Straße 🐍.txt": "è\n大きさ 🐍\n",
    "changes.patch": "the patch",
  });
});

test("the patch in a zip replaces no file of the learner", { skip }, () => {
  const changes = changesOf([["changes.patch", null, "mine"]]);
  const files = fflate.unzipSync(makeZip(changes, "the patch", fflate));
  assert.equal(fflate.strFromU8(files["changes.patch"]), "mine");
  assert.equal(fflate.strFromU8(files["_changes.patch"]), "the patch");
});

test("a change has a kind in words", () => {
  assert.equal(kindOf({ original: "a", current: "b" }), "changed");
  assert.equal(kindOf({ original: null, current: "" }), "new");
  assert.equal(kindOf({ original: "", current: null }), "deleted");
  assert.equal(kindOf({ original: "a", current: "a" }), "");
});
