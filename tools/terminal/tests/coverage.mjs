// A reporter for `node --test --experimental-test-coverage`: what of each module the tests have
// run, and which modules only a browser runs.

import { readdirSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

const TERMINAL = fileURLToPath(new URL("../", import.meta.url));
const FOLDERS = ["editing", "machine", "panels", "python", "shell", "view"];

const percent = (covered, total) => `${((100 * covered) / total).toFixed(1).padStart(5)} %`;
const row = (lines, branches, name) => `${lines} ${branches}  ${name}\n`;

/** Yield the report when the tests have ended. */
export default async function* report(events) {
  for await (const { type, data } of events) {
    if (type === "test:coverage") yield table(data.summary.files);
  }
}

function table(files) {
  const tested = files
    .map((file) => ({ ...file, name: relative(TERMINAL, file.path).replaceAll("\\", "/") }))
    .filter(({ name }) => FOLDERS.includes(name.split("/")[0]) || name === "course.mjs");
  const sum = (key) => tested.reduce((total, file) => total + file[key], 0);
  const names = new Set(tested.map(({ name }) => name));
  const others = FOLDERS.flatMap((folder) =>
    readdirSync(`${TERMINAL}${folder}`).map((name) => `${folder}/${name}`),
  ).filter((name) => name.endsWith(".mjs") && !names.has(name));
  return [
    "\n  lines branches  module\n",
    ...tested.map((file) =>
      row(
        percent(file.coveredLineCount, file.totalLineCount),
        percent(file.coveredBranchCount, file.totalBranchCount),
        file.name,
      ),
    ),
    row(
      percent(sum("coveredLineCount"), sum("totalLineCount")),
      percent(sum("coveredBranchCount"), sum("totalBranchCount")),
      "all of them",
    ),
    `Only a browser runs ${others.join(", ")}.\n`,
  ].join("");
}
