// What python.mjs relies on, in the Pyodide that is installed.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { INTERNALS, mount, Python } from "../python/python.mjs";

const FOLDER = new URL("../node_modules/pyodide/", import.meta.url);
const options = { skip: existsSync(FOLDER) ? false : "needs npm's packages" };
const MOVED = "python.mjs relies on it, and this Pyodide has it no more:";

const boot = () =>
  Python.boot({
    pyodide: FOLDER.href,
    stdlib: readFile(new URL("python_stdlib.zip", FOLDER)),
    mount: (FS) => mount(FS, "/course", [["a.txt", new Uint8Array([65])]]),
    prelude: `
import sys
import json
def load(modules): [__import__(one) for one in modules]
def install(course): pass
def main(text):
    match json.loads(text)["argv"]:
        case ["large"]: return len(b"1" * 9000000) and 0
        case [name]: return int(name in sys.modules)
    kept = getattr(sys, "kept", 0)
    sys.kept = 7
    open("/course/b.txt", "w").write("b")
    open("/course/left-open.txt", "w")
    print(kept)
    return kept
`,
    modules: [],
    course: {},
    host: { signal: () => 0, sleep() {}, ended() {} },
  });

const process = () => {
  const output = { terminal: false, write() {} };
  const stdin = { terminal: false, readNow: () => null };
  return { argv: [], columns: 80, rows: 24, stdin, stdout: output, stderr: output };
};

test("Pyodide has every internal that python.mjs touches", options, async () => {
  const parts = ["pyodide.mjs", "pyodide.asm.mjs"].map((name) => new URL(name, FOLDER));
  const text = (await Promise.all(parts.map((part) => readFile(part, "utf8")))).join("");
  for (const name of INTERNALS.options) assert.ok(text.includes(name), `${MOVED} option ${name}`);
  const { loadPyodide } = await import(parts[0]);
  const py = await loadPyodide();
  const module = py._module;
  assert.ok(module, `${MOVED} _module`);
  module.FS.writeFile("/a.txt", "a");
  const node = module.FS.analyzePath("/a.txt").object;
  const places = { api: py._api, module, files: module.FS, node, python: py };
  for (const [place, object] of Object.entries(places)) {
    for (const name of INTERNALS[place]) assert.ok(name in object, `${MOVED} ${place}.${name}`);
  }
});

test("each process begins with the same memory and no open files", options, async () => {
  const python = await boot();
  const before = python.usage;
  for (let turn = 0; turn < 2; turn++) assert.equal(await python.run(process()), 0);
  assert.deepEqual(python.usage, before);
  assert.deepEqual([...python.FS.readFile("/course/b.txt")], [98]);
});

test("a memory that was kept can be taken up", options, async () => {
  const python = await boot();
  await python.run(process());
  const memory = python.snapshot();
  assert.equal(new Uint32Array(memory.buffer, 0, 2)[1] % 16, 0, `${MOVED} a snapshot's header`);
  assert.equal((memory.length - new Uint32Array(memory.buffer, 0, 2)[1]) % 65536, 0);
});

test("what is imported later is there when a process begins", options, async () => {
  const python = await boot();
  const before = python.copy.length;
  await python.run({ ...process(), argv: ["large"] });
  python.preload(["colorsys"]);
  for (let turn = 0; turn < 2; turn++) assert.equal(await python.run(process()), 0);
  assert.equal(await python.run({ ...process(), argv: ["colorsys"] }), 1);
  // What the process before it has written to the memory is not copied.
  assert.ok(python.copy.length < before + 1e6);
});
