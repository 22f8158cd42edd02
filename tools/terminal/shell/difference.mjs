// What differs between two texts, as the package `diff` finds it.

const CONTEXT = 3;
// Texts with little in common would keep the tab busy; then all their lines are exchanged.
const LONGEST = 2000; // milliseconds

/** Return the hunks that lead from one text to the other. `diff` is the package. */
export function hunksOf(original, current, { structuredPatch }) {
  const options = { context: CONTEXT, timeout: LONGEST };
  const patch = structuredPatch("", "", original, current, "", "", options);
  return patch ? patch.hunks : exchange(original, current, structuredPatch);
}

/** Return one hunk that takes all lines away and puts the others in. */
export function exchange(original, current, structuredPatch) {
  const [removed] = structuredPatch("", "", original, "").hunks;
  const [added] = structuredPatch("", "", "", current).hunks;
  return [
    {
      oldStart: 1,
      oldLines: removed.oldLines,
      newStart: 1,
      newLines: added.newLines,
      lines: [...removed.lines, ...added.lines],
    },
  ];
}
