// Runs the course's tests as the page runs them, from the packs that the site serves, under
// Node.js. Not served; tools/site/tests/run_in_node.py calls it.
//
//     node run-tests.mjs ORDER.json
//
// The order names `build` (the packed folder), `lines` (what follows `python`, for each process)
// and perhaps `newer`, a folder like site-packages whose packages replace those of the packs. Its
// folder is a temporary one, and takes more.
// For each process it prints a line of JSON: its exit code and its output.

import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";

const order = JSON.parse(await readFile(process.argv[2], "utf8"));
const inBuild = (name) => join(order.build, name);
const load = (name) => import(pathToFileURL(inBuild(name)));
const [{ course }, { unpack }, { mount, Python, SITE_PACKAGES }, { ENVIRONMENT, HOME, furnish }] =
  await Promise.all(
    ["course.mjs", "machine/packs.mjs", "python/python.mjs", "machine/home.mjs"].map(load),
  );
const unzipped = async (name) => promisify(gunzip)(await readFile(inBuild(`${name}.gz`)));

async function filesBelow(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const full = join(entry.parentPath ?? entry.path, entry.name);
        return [full.slice(folder.length + 1).replaceAll("\\", "/"), await readFile(full)];
      }),
  );
}

// Pyodide reads its WebAssembly beside its modules, and it is served in another form.
async function unzipPyodide() {
  const folder = join(dirname(process.argv[2]), "pyodide");
  await mkdir(folder);
  for (const name of ["pyodide.mjs", "pyodide.asm.mjs"]) {
    await copyFile(inBuild(`vendor/${name}`), join(folder, name));
  }
  await writeFile(join(folder, "pyodide.asm.wasm"), await unzipped("vendor/pyodide.asm.wasm"));
  return folder;
}

async function boot(pyodide) {
  const newer = order.newer ? await filesBelow(order.newer) : [];
  const sites = SITE_PACKAGES.slice(1);
  const replaced = [...new Set(newer.map(([path]) => path.split("/")[0]))]
    .map((name) => name.replace(/-.*/, "")) // django-6.1.dist-info replaces django-5.2.dist-info
    .map((name) => new RegExp(`^(bytecode/)?${sites}/${name}(/|-[^/]*[.]dist-info/)`));
  const files = {};
  for (const name of ["python", "bytecode", "course", "sources", "pytest"]) {
    files[name] = [...unpack(await unzipped(`${name}.pack`))].filter(
      ([path]) => !replaced.some((pattern) => pattern.test(path)),
    );
  }
  return Python.boot({
    pyodide: `${pathToFileURL(pyodide)}/`,
    prelude: await readFile(inBuild("python/prelude.py"), "utf8"),
    modules: JSON.parse(await readFile(inBuild("python/modules.json"), "utf8")).always,
    course: course.python,
    host: { signal: () => 0, sleep: () => undefined, ended: (code) => process.exit(code || 1) },
    mount: async (FS) => {
      furnish(FS, files);
      mount(FS, "", [...files.sources, ...files.pytest]);
      mount(FS, `/${sites}`, newer);
    },
  });
}

async function run(python, argv) {
  let text = "";
  const decoder = new TextDecoder();
  const output = { terminal: false, write: (bytes) => (text += decoder.decode(bytes)) };
  const code = await python.run({
    argv,
    cwd: HOME,
    env: ENVIRONMENT,
    columns: 80,
    rows: 24,
    stdin: { terminal: false, readNow: () => null },
    stdout: output,
    stderr: output,
  });
  console.log(JSON.stringify({ code, output: text }));
}

const python = await boot(await unzipPyodide());
for (const argv of order.lines) await run(python, argv);
process.exit(0);
