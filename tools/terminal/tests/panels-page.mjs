// Opens a panel for test_panels.py, which drives it through `window.machine`.

import { openDatabase } from "../panels/database.mjs";
import { openFiles } from "../panels/editor.mjs";
import { PanelsMachine } from "./panels-machine.mjs";

const product = (rows, count = rows.length) => ({
  name: "shop_product",
  columns: ["id", "name", "price", "category"],
  key: 0,
  count,
  rows,
});
const LONG = "A name that is much longer than what fits into one cell of a table";
const log = { name: "shop_auditlog", columns: ["id", "actor"], key: 0, count: 0, rows: [] };

Object.assign(window, {
  log,
  product,
  async files(options) {
    const files = await (await fetch("files.json")).json();
    window.machine = new PanelsMachine(files);
    window.panel = openFiles(document.querySelector("#panel"), window.machine, options);
  },
  database() {
    window.machine = new PanelsMachine({}, [
      log,
      product([
        ["3", "Classic Novel", "9.99", null],
        ["2", LONG, "1.50", ""],
        ["1", "<b>Ink</b>", "3.00", "office"],
      ]),
    ]);
    window.panel = openDatabase(document.querySelector("#panel"), window.machine);
  },
});
