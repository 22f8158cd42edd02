// The learner's changes as a patch for `git apply`, and as a zip of the changed files.
//
// Changes are what `machine.changes()` gives: a Map from each path to its `original` and its
// `current` text. A text is null where there is no such file.

import { hunksOf } from "../shell/difference.mjs";
import { element } from "../view/elements.mjs";

/** "new", "deleted" or "changed"; "" for a file as it came. */
export function kindOf({ original, current }) {
  if (original === current) return "";
  if (original === null) return "new";
  return current === null ? "deleted" : "changed";
}

// What is really changed, in the order of the paths.
function sorted(changes) {
  return [...changes].filter(([, change]) => kindOf(change)).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** `diff` is the module diff.mjs. */
export function makePatch(changes, diff) {
  return sorted(changes)
    .map(([path, { original, current }]) => {
      const patch = {
        isGit: true,
        isCreate: original === null,
        isDelete: current === null,
        oldFileName: original === null ? "/dev/null" : `a/${path}`,
        newFileName: current === null ? "/dev/null" : `b/${path}`,
        hunks: hunksOf(original ?? "", current ?? "", diff),
      };
      return diff.formatPatch(patch);
    })
    .join("");
}

/**
 * The changed files in their folders, and the patch, which alone knows what was deleted.
 * `fflate` is the module fflate.mjs.
 */
export function makeZip(changes, patch, fflate) {
  const files = {};
  for (const [path, { current }] of sorted(changes)) {
    if (current !== null) files[path] = fflate.strToU8(current);
  }
  let name = "changes.patch";
  while (name in files) name = `_${name}`;
  files[name] = fflate.strToU8(patch);
  return fflate.zipSync(files);
}

export async function downloadPatch(machine) {
  const patch = makePatch(await machine.changes(), await import("../vendor/diff.mjs"));
  offer("changes.patch", patch, "text/x-diff");
}

export async function downloadZip(machine) {
  const [diff, fflate] = await Promise.all([
    import("../vendor/diff.mjs"),
    import("../vendor/fflate.mjs"),
  ]);
  const changes = await machine.changes();
  offer("changes.zip", makeZip(changes, makePatch(changes, diff), fflate), "application/zip");
}

function offer(name, content, type) {
  const href = URL.createObjectURL(new Blob([content], { type }));
  const link = element("a", { href, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(href), 60_000); // browsers read it a little later
}
