// What changed in the database's tables from one look at them to the next.
//
// A table is what `machine.tables()` gives: { name, columns, key, count, rows }. `count` is the
// number of all rows; `rows` are at most 200 of them, the newest keys first, so rows enter and
// leave the window without being new or gone.

/** Returns a Map from each table's name to its changes. */
export function compareTables(before, after) {
  const earlier = new Map(before.map((table) => [table.name, table]));
  return new Map(
    after.map((table) => {
      const empty = { ...table, count: 0, rows: [] };
      return [table.name, compareRows(earlier.get(table.name) ?? empty, table)];
    }),
  );
}

/**
 * Returns {
 *   added, removed, changed: numbers of rows,
 *   isWhole: whether both looks saw every row (else there may be more changes than these),
 *   newRows: Set of the added rows' identities,
 *   cells: Map of changed rows' identities to a Map from a column to what stood there before,
 *   goneRows: the removed rows, in the columns of `after`,
 * }
 */
export function compareRows(before, after) {
  const old = new Map(before.rows.map((row) => [identify(before, row), row]));
  const now = new Map(after.rows.map((row) => [identify(after, row), row]));
  const columns = after.columns.map((name) => before.columns.indexOf(name));
  const newRows = new Set();
  const cells = new Map();
  for (const [id, row] of now) {
    if (!old.has(id)) {
      if (wasInSight(before, after, row)) newRows.add(id);
      continue;
    }
    const differing = differences(old.get(id), row, columns);
    if (differing.size) cells.set(id, differing);
  }
  const goneRows = [...old]
    .filter(([id, row]) => !now.has(id) && wasInSight(after, before, row))
    .map(([, row]) => columns.map((column) => (column < 0 ? null : row[column])));
  // The numbers of all rows tell what happened out of sight.
  const unseen = after.count - before.count - (newRows.size - goneRows.length);
  return {
    added: newRows.size + Math.max(unseen, 0),
    removed: goneRows.length + Math.max(-unseen, 0),
    changed: cells.size,
    isWhole: !isCut(before) && !isCut(after),
    newRows,
    cells,
    goneRows,
  };
}

/** What stays the same when a row changes: its key, or all of it in a table without one. */
export function identify(table, row) {
  return table.columns[table.key] === undefined ? JSON.stringify(row) : row[table.key];
}

export function isCut(table) {
  return table.rows.length < table.count;
}

function differences(old, row, columns) {
  const found = new Map();
  columns.forEach((column, index) => {
    const value = column < 0 ? undefined : old[column]; // undefined: the column is new
    if (value !== row[index]) found.set(index, value);
  });
  return found;
}

// Whether `row`, a row of `other`, would have been seen in `table` if it had been there.
function wasInSight(table, other, row) {
  if (!isCut(table)) return true;
  if (!table.rows.length) return false;
  const oldest = table.rows.at(-1)[table.key];
  return compareKeys(row[other.key], oldest) > 0;
}

function compareKeys(one, other) {
  const difference = Number(one) - Number(other);
  if (!Number.isNaN(difference)) return difference;
  return one < other ? -1 : Number(one > other);
}

/** "+3 −1, 5 changed"; "" where nothing changed. */
export function summarize({ added, removed, changed }) {
  const rows = [added && `+${number(added)}`, removed && `−${number(removed)}`];
  const parts = [rows.filter(Boolean).join(" "), changed && `${number(changed)} changed`];
  return parts.filter(Boolean).join(", ");
}

/** The same as a sentence: "product: 3 rows added, 1 row removed, 5 rows changed." */
export function describeChanges(name, { added, removed, changed, isWhole }) {
  const counts = { added, removed, changed };
  const parts = Object.keys(counts)
    .filter((what) => counts[what])
    .map((what) => `${number(counts[what])} ${counts[what] === 1 ? "row" : "rows"} ${what}`);
  if (!parts.length) return "";
  return `${name}: ${isWhole ? "" : "at least "}${parts.join(", ")}.`;
}

/** "15 rows"; "200 newest of 1,045 rows" */
export function describe(table) {
  const rows = table.count === 1 ? "row" : "rows";
  if (!table.count) return "no rows";
  if (!isCut(table)) return `${number(table.count)} ${rows}`;
  return `${number(table.rows.length)} newest of ${number(table.count)} ${rows}`;
}

function number(value) {
  return value.toLocaleString("en-US");
}
