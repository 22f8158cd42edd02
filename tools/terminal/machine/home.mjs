// What Python finds around it, in the page and under Node.js: its files and its environment.

import { course } from "../course.mjs";
import { mount } from "../python/python.mjs";

export const HOME = course.home;
export const ENVIRONMENT = {
  HOME,
  LANG: "C.UTF-8",
  PATH: "/usr/local/bin:/usr/bin:/bin",
  TERM: "xterm-256color",
  // A browser has no other process whose data could be seen.
  DJANGO_ALLOW_ASYNC_UNSAFE: "1",
  PYTEST_ADDOPTS: "-p no:cacheprovider",
};

/** Bring the files that Python boots from: an array for each of three packs. */
export function furnish(FS, { python, bytecode, course: files }) {
  stub(FS, python);
  mount(FS, "", python);
  mount(FS, "", bytecode);
  mount(FS, HOME, files);
  for (const folder of [`${HOME}/${course.data}`, "/root"]) FS.mkdirTree(folder);
}

// Make an empty file for each module that has bytecode or comes late, so that Python finds it.
function stub(FS, files) {
  const compiled = files
    .filter(([path]) => path.startsWith("bytecode/lib/"))
    .map(([path]) => path.slice("bytecode/".length).replace(".cpython-314.pyc", ".py"));
  const [, names] = files.find(([path]) => path === "bytecode/late.txt");
  const late = new TextDecoder().decode(names).split("\n");
  mount(
    FS,
    "",
    [...compiled, ...late].map((path) => [path, new Uint8Array()]),
  );
}
