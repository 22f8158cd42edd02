// Makes what Python in the page is booted from. Needs Node.js; `python -m tools.site` calls it.
//
//     node pack.mjs ORDER.json
//
// The order names `pyodide` (the npm package's folder), `libraries` (a folder like site-packages),
// `pytest` (another one), `course` (the learner's files), `commands` and `tests` (command lines with
// their exit codes: what they import is compiled), `folders` that these need, and `out`, the folder
// to write to.

import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

import { course } from "../course.mjs";
import { pack } from "../machine/packs.mjs";
import { Python, SITE_PACKAGES } from "../python/python.mjs";

const order = JSON.parse(await readFile(process.argv[2], "utf8"));
const compress = promisify(gzip);
const here = (name) => new URL(name, import.meta.url);
const read = async (folder) => {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile());
  return Promise.all(
    files.map(async (file) => {
      const full = join(file.parentPath ?? file.path, file.name);
      return [full.slice(folder.length + 1).replaceAll("\\", "/"), await readFile(full)];
    }),
  );
};

const [libraries, pytest, files] = await Promise.all(
  [order.libraries, order.pytest, order.course].map(read),
);
const write = (FS, folder, files) => {
  for (const [path, bytes] of files) {
    const full = `${folder}/${path}`;
    FS.mkdirTree(full.slice(0, full.lastIndexOf("/")));
    FS.writeFile(full, bytes);
    FS.utime(full, 0, 0);
  }
};
const python = await Python.boot({
  pyodide: `${pathToFileURL(order.pyodide)}/`,
  stdlib: readFile(join(order.pyodide, "python_stdlib.zip")),
  prelude: await readFile(here("../python/prelude.py"), "utf8"),
  modules: JSON.parse(await readFile(here("../python/modules.json"), "utf8")).always,
  course: course.python,
  host: { signal: () => 0, sleep: () => undefined, ended: (code) => process.exit(code || 1) },
  mount: async (FS) => {
    write(FS, SITE_PACKAGES, [...libraries, ...pytest]);
    write(FS, course.home, files);
    write(FS, "/", [["compile.py", await readFile(here("compile.py"))]]);
    FS.mkdirTree("/out");
    for (const folder of order.folders) FS.mkdirTree(`${course.home}/${folder}`);
    for (const list of ["commands", "tests"]) FS.mkdir(`/tmp/${list}`);
  },
});

async function run(argv, env) {
  let text = "";
  const output = { terminal: false, write: (bytes) => (text += Buffer.from(bytes)) };
  const code = await python.run({
    argv,
    cwd: course.home,
    env,
    columns: 80,
    rows: 24,
    stdin: { terminal: false, readNow: () => null },
    stdout: output,
    stderr: output,
  });
  if (code) {
    console.error(text);
    process.exit(1);
  }
}

const compile = (...argv) =>
  run(["/compile.py", ...argv], {
    PYTHONDONTWRITEBYTECODE: "1",
    DJANGO_DATA_DIR: `/tmp/${argv[1]}`,
  });

await compile("list", "commands", JSON.stringify(order.commands));
await compile("list", "tests", JSON.stringify([...order.commands, ...order.tests]));
await compile("build");
// pytest compiles test files, conftest.py and plugins its own way, and keeps that beside the rest.
await run(["-m", "pytest", "-p", "no:cacheprovider", "--collect-only", course.chapters], {});
// What the migrations make of an empty database, which prelude.py keeps for pytest.
const SET_UP = `import django; django.setup()
from django.test.utils import setup_databases; setup_databases(verbosity=0, interactive=False)`;
await run(["-c", SET_UP], { DJANGO_SETTINGS_MODULE: course.python.settings });

const found = (folder, root = folder) =>
  python.FS.readdir(folder)
    .filter((name) => name !== "." && name !== "..")
    .flatMap((name) => {
      const path = `${folder}/${name}`;
      return python.FS.isDir(python.FS.stat(path).mode)
        ? found(path, root)
        : [[path.slice(root.length + 1), python.FS.readFile(path)]];
    });
const sites = SITE_PACKAGES.slice(1);
const below = (prefix, files) => files.map(([path, bytes]) => [`${prefix}/${path}`, bytes]);
const isCourse = ([path]) => path.startsWith(`bytecode${course.home}/`);
// Source has its time later; and this file is large, and one validator needs it.
const isLate = ([path]) => path.endsWith(".py") || path.endsWith("common-passwords.txt.gz");
// Imported before Python knows where bytecode is.
const isEarly = ([path]) => /\/encodings\/(__init__|aliases|utf_8)\.py$/.test(path);
const library = below("lib", found("/out/lib"));
const commands = found("/out/commands.d");
const tests = found("/out/tests.d");
const rewritten = below("bytecode", found("/bytecode")).filter(([path]) => /-pytest-/.test(path));
const migrated = below("bytecode/migrated", found("/bytecode/migrated"));

// The modules whose source comes late, and without bytecode: Python waits for these alone.
const stubbed = new Set(commands.map(([path]) => path.replace(".cpython-314.pyc", ".py")));
const late = [...library, ...below(sites, libraries)]
  .map(([path]) => path)
  .filter((path) => path.endsWith(".py") && !stubbed.has(`bytecode/${path}`));

await mkdir(join(order.out, "vendor"), { recursive: true });
const outputs = {
  "vendor/pyodide.asm.wasm.gz": await readFile(join(order.pyodide, "pyodide.asm.wasm")),
  "python.pack.gz": pack([
    ...commands.filter((file) => !isCourse(file)),
    ...library.filter(isEarly),
    ["bytecode/late.txt", new TextEncoder().encode(late.sort().join("\n"))],
    ...below(
      sites,
      libraries.filter((file) => !isLate(file)),
    ),
  ]),
  "sources.pack.gz": pack([
    ...library.filter((file) => !isEarly(file)),
    ...below(sites, libraries.filter(isLate)),
  ]),
  "pytest.pack.gz": pack([
    ...tests.filter((file) => !isCourse(file)),
    ...rewritten,
    ...migrated,
    ...below(sites, pytest),
  ]),
  "bytecode.pack.gz": pack([...commands, ...tests].filter(isCourse)),
};
for (const [name, bytes] of Object.entries(outputs)) {
  await writeFile(join(order.out, name), await compress(bytes, { level: 9 }));
}
process.exit(0);
