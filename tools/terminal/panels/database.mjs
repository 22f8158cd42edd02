// The database's tables, and what the last command changed in them.

import { button, element } from "../view/elements.mjs";
import {
  compareTables,
  describe,
  describeChanges,
  identify,
  summarize,
} from "./table-changes.mjs";

const LONGEST = 60; // characters of a value; its title has them all

export function openDatabase(container, machine) {
  const panel = new DatabasePanel(machine);
  container.append(panel.root);
  panel.refresh();
  return { close: () => panel.close(), refresh: () => panel.refresh() };
}

class DatabasePanel {
  constructor(machine) {
    this.machine = machine;
    this.tables = null; // as last seen
    this.changes = new Map();
    this.chosen = null; // a table's name
    this.build();
    const { signal } = (this.listening = new AbortController());
    machine.addEventListener("done", () => this.refresh(), { signal });
    machine.addEventListener("state", () => this.recover(), { signal });
  }

  build() {
    this.status = element("p", { className: "panel-status", role: "status" });
    this.list = element("ul", { className: "table-list" });
    this.caption = element("caption", { id: "database-caption" });
    this.head = element("thead");
    this.body = element("tbody");
    this.region = element(
      "div",
      {
        className: "table-region",
        role: "region",
        tabIndex: 0,
        hidden: true,
        "aria-labelledby": this.caption.id,
      },
      element("table", { className: "database-table" }, this.caption, this.head, this.body),
    );
    this.root = element(
      "section",
      { className: "course-panel course-database", "aria-label": "Database" },
      element("nav", { "aria-label": "Tables" }, this.list),
      this.status,
      this.region,
    );
    this.status.textContent = "The tables are being read…";
  }

  close() {
    this.listening.abort();
    this.machine = null;
    this.root.remove();
  }

  // What failed may go now: the terminal was open in another tab, say.
  recover() {
    if (this.hasFailed && this.machine.state === "ready") this.refresh();
  }

  // One look at a time; what happens meanwhile is looked at once more.
  async refresh() {
    this.again = true;
    if (this.busy) return;
    this.busy = true;
    while (this.again && this.machine) {
      this.again = false;
      try {
        this.take(await this.machine.tables());
        this.hasFailed = false;
      } catch (error) {
        this.hasFailed = true;
        this.status.textContent = `The database could not be read: ${error.message}`;
      }
    }
    this.busy = false;
  }

  take(tables) {
    if (!this.machine) return;
    if (this.tables) {
      this.changes = compareTables(this.tables, tables);
      const sentences = tables.map(({ name }) => describeChanges(name, this.changes.get(name)));
      this.status.textContent =
        sentences.filter(Boolean).join(" ") || "The last command changed nothing in these tables.";
    } else {
      this.status.textContent = "Run a command, and what it changes is marked here.";
    }
    this.tables = tables;
    if (!tables.some(({ name }) => name === this.chosen)) {
      this.chosen = (tables.find(({ count }) => count) ?? tables[0])?.name ?? null;
    }
    if (!tables.length) {
      this.status.textContent =
        "The database has no tables yet. `python manage.py migrate` makes them.";
    }
    this.showList();
    this.showTable();
  }

  // Buttons stay as long as their tables, and with them the keyboard's focus.
  showList() {
    const old = new Map([...this.list.children].map((item) => [item.dataset.name, item]));
    const items = this.tables.map((table) => old.get(table.name) ?? this.makeItem(table.name));
    for (const item of old.values()) if (!items.includes(item)) item.remove();
    items.forEach((item, index) => {
      const there = this.list.children[index];
      if (there !== item) this.list.insertBefore(item, there ?? null);
      const [name, number, changed] = item.firstChild.children;
      const table = this.tables[index];
      const changes = this.changes.get(table.name);
      name.textContent = table.name;
      number.textContent = table.count.toLocaleString("en-US");
      changed.textContent = changes ? summarize(changes) : "";
      item.firstChild.setAttribute("aria-current", table.name === this.chosen);
    });
  }

  makeItem(name) {
    const choose = button("", () => {
      this.chosen = name;
      this.showList();
      this.showTable();
      this.region.scrollTo(0, 0);
    });
    choose.append(
      element("span"),
      element("span", { className: "table-count" }),
      element("span", { className: "table-changed" }),
    );
    const item = element("li", {}, choose);
    item.dataset.name = name;
    return item;
  }

  showTable() {
    const table = this.tables.find(({ name }) => name === this.chosen);
    this.region.hidden = !table;
    if (!table) return;
    const changes = this.changes.get(table.name);
    const marked = Boolean(changes && summarize(changes));
    this.caption.textContent = `${table.name}: ${describe(table)}`;
    const header = (text) => element("th", { scope: "col" }, text);
    this.head.replaceChildren(
      element("tr", {}, ...(marked ? [header("change")] : []), ...table.columns.map(header)),
    );
    const { scrollTop, scrollLeft } = this.region;
    this.body.replaceChildren(
      ...(marked ? changes.goneRows.map((row) => makeRow(table, row, "removed")) : []),
      ...table.rows.map((row) => {
        if (!marked) return makeRow(table, row);
        const id = identify(table, row);
        const cells = changes.cells.get(id);
        const mark = changes.newRows.has(id) ? "added" : cells ? "changed" : "";
        return makeRow(table, row, mark, cells);
      }),
    );
    this.region.scrollTo({ top: scrollTop, left: scrollLeft, behavior: "instant" });
  }
}

// `mark`: undefined where no row has one. `cells`: what stood in changed cells before.
function makeRow(table, row, mark, cells = new Map()) {
  const made = element("tr", { className: mark ? `row-${mark}` : "" });
  if (mark !== undefined) made.append(element("td", { className: "row-mark" }, mark));
  row.forEach((value, index) => {
    const cell = index === table.key ? element("th", { scope: "row" }) : element("td");
    cell.append(makeValue(value));
    if (cells.has(index)) {
      cell.className = "cell-changed";
      const before = cells.get(index);
      cell.append(
        element(
          "span",
          { className: "cell-before" },
          ...(before === undefined ? [" new column"] : [" was ", makeValue(before)]),
        ),
      );
    }
    made.append(cell);
  });
  return made;
}

function makeValue(value) {
  if (value === null) return element("span", { className: "value-null" }, "NULL");
  if (value === "") return element("span", { className: "value-null" }, "empty");
  const characters = [...value];
  if (characters.length <= LONGEST) return element("span", {}, value);
  return element("span", { title: value }, `${characters.slice(0, LONGEST - 1).join("")}…`);
}
