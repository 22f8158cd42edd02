// The learner's changed files, and all files of the course in their folders.

import { course } from "../course.mjs";
import { button, count, element } from "../view/elements.mjs";
import { kindOf } from "./changes.mjs";

const MOST = 50; // files that a search shows

export class FileList {
  /** `choose` is called with a path. */
  constructor(choose) {
    this.choose = choose;
    this.paths = [];
    this.changes = new Map();
    this.opened = new Set([course.chapters]); // folders
    this.changed = element("div", { className: "changed-files" });
    this.all = element("div", { className: "all-files" });
    this.search = element("input", {
      type: "search",
      autocomplete: "off",
      spellcheck: false,
      oninput: () => this.showAll(),
    });
    this.summary = element("summary", {}, "Files");
    this.root = element(
      "details",
      { className: "file-list", open: true },
      this.summary,
      element("h3", {}, "Your changes"),
      this.changed,
      element("h3", {}, "All files"),
      element("label", {}, "Find a file", this.search),
      this.all,
    );
  }

  /** `paths` are those of all text files; `changes` is what machine.changes() gives. */
  show(paths, changes) {
    this.changes = new Map([...changes].filter(([, change]) => kindOf(change)));
    const all = new Set(paths);
    for (const [path, { current }] of this.changes) {
      if (current === null) all.delete(path);
      else all.add(path);
    }
    this.paths = [...all].sort();
    this.update();
  }

  mark(path) {
    if (path === this.chosen) return;
    this.chosen = path;
    for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) {
      this.opened.add(path.slice(0, at));
    }
    this.update();
  }

  update() {
    this.keepFocus(() => {
      this.showChanged();
      this.showAll();
    });
    const number = this.changes.size;
    this.summary.textContent = number ? `Files (${number} changed)` : "Files";
  }

  /** The lists are made anew; a button for the same file in the same list gets the focus back. */
  keepFocus(change) {
    const { activeElement } = document;
    const list = [this.changed, this.all].find((one) => one.contains(activeElement));
    const { key } = activeElement?.dataset ?? {};
    const scrolled = this.root.scrollTop;
    change();
    this.root.scrollTop = scrolled;
    if (!list || list.contains(document.activeElement)) return;
    const same = [...list.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key);
    (same ?? this.summary).focus({ preventScroll: true });
  }

  showChanged() {
    const items = [...this.changes.keys()].sort().map((path) => this.makeItem(path, path));
    this.changed.replaceChildren(
      items.length
        ? element("ul", {}, ...items)
        : element("p", {}, "No file is changed. What you change is listed here."),
    );
  }

  showAll() {
    const wanted = this.search.value.trim().toLowerCase();
    if (!wanted) {
      this.all.replaceChildren(this.makeFolder("", this.paths));
      return;
    }
    const found = this.paths.filter((path) => path.toLowerCase().includes(wanted));
    const items = found.slice(0, MOST).map((path) => this.makeItem(path, path));
    const more = found.length - items.length;
    const note = !found.length
      ? "No file has this in its name."
      : more > 0 && `${count(more, "more file has", "more files have")} this in their names.`;
    this.all.replaceChildren(
      element("ul", {}, ...items),
      ...(note ? [element("p", { role: "status" }, note)] : []),
    );
  }

  /** The list of what lies in `folder` ("", "docs/"): folders first. */
  makeFolder(folder, paths) {
    const inside = new Map();
    const files = [];
    for (const path of paths) {
      const slash = path.indexOf("/", folder.length);
      if (slash < 0) {
        files.push(this.makeItem(path, path.slice(folder.length)));
        continue;
      }
      const name = path.slice(0, slash);
      if (!inside.has(name)) inside.set(name, []);
      inside.get(name).push(path);
    }
    const folders = [...inside].map(([name, within]) =>
      element("li", {}, this.makeDetails(name, name.slice(folder.length), within)),
    );
    return element("ul", {}, ...folders, ...files);
  }

  makeDetails(folder, name, within) {
    const summary = element("summary", { "data-key": folder }, `${name}/`);
    const details = element("details", { open: this.opened.has(folder) }, summary);
    // What is closed is not made yet: there are hundreds of files.
    const fill = () => {
      if (details.open && !summary.nextSibling) {
        details.append(this.makeFolder(`${folder}/`, within));
      }
    };
    fill();
    details.addEventListener("toggle", () => {
      if (details.open) this.opened.add(folder);
      else this.opened.delete(folder);
      fill();
    });
    return details;
  }

  makeItem(path, text) {
    const kind = this.changes.has(path) ? kindOf(this.changes.get(path)) : "";
    const choose = button("", () => this.choose(path), { "data-key": path, title: path });
    // A long path breaks after a folder.
    const pieces = text.split(/(?<=\/)/).flatMap((piece) => [piece, element("wbr")]);
    choose.append(element("span", { className: "file-name" }, ...pieces));
    if (kind) choose.append(" ", element("span", { className: "file-mark" }, kind));
    if (path === this.chosen) choose.setAttribute("aria-current", "true");
    return element("li", {}, choose);
  }
}
