// The learner's files: the list of them, the editor, and what can be done with changes.

import { button, count, element } from "../view/elements.mjs";
import { downloadPatch, downloadZip, kindOf } from "./changes.mjs";
import { CodeView, findSymbol, loadCodeMirror } from "./code-view.mjs";
import { FileList } from "./file-list.mjs";

const PAUSE = 200; // milliseconds without typing until the text is saved
const NARROW = 800; // pixels, as in panels.css: the list is above the text

/**
 * Put the panel into `container`, with `path` in it, at its `line` or where `symbol` is defined.
 * With `closed` there is a button that closes the panel and calls it.
 * Returns { show(path, { line, symbol }), close() }.
 */
export function openFiles(container, machine, { path, symbol, line, closed } = {}) {
  const panel = new FilesPanel(machine, closed);
  container.append(panel.root);
  panel.refresh();
  if (path) panel.bring(path, { line, symbol });
  return { show: (other, place) => panel.bring(other, place), close: () => panel.close() };
}

/** Fetch what opening a file needs. */
export const prepareEditor = loadCodeMirror;

class FilesPanel {
  constructor(machine, closed) {
    this.machine = machine;
    this.closed = closed;
    this.changes = new Map();
    this.path = null; // of the file that is shown, or about to be
    this.original = null; // its text as it came
    this.edits = 0;
    this.isDirty = false; // whether something typed waits to be saved
    this.saving = 0; // texts on their way to the machine
    this.build();
    this.listen();
  }

  build() {
    this.list = new FileList((path) => this.bring(path));
    this.name = element("h2", { className: "file-title" });
    this.mark = element("span", { className: "file-mark" });
    this.status = element("p", { className: "panel-status", role: "status" });
    this.code = element("div", { className: "code-view" });
    this.hint = element(
      "p",
      { className: "panel-hint", hidden: true },
      ...["Tab indents. ", element("kbd", {}, "Escape"), ", then ", element("kbd", {}, "Tab")],
      " leaves the text. ",
      ...[element("kbd", {}, "Ctrl"), "+", element("kbd", {}, "F"), " finds words in it."],
    );
    this.compareButton = button("Compare", () => this.compare(!this.isComparing));
    this.nextButton = button("Next change", () => this.view.goToNextChange());
    this.backButton = button("Put back", () => this.putBack());
    this.allBackButton = button("Put all files back", () => this.putAllBack());
    this.patchButton = button("Download patch", () => this.download(downloadPatch));
    this.zipButton = button("Download zip", () => this.download(downloadZip));
    this.tools = element("div", { className: "panel-tools" });
    this.tools.append(this.compareButton, this.nextButton, this.backButton);
    this.question = element("div", { className: "panel-question", role: "group", hidden: true });
    this.allTools = element("div", { className: "panel-tools" });
    this.allTools.append(this.patchButton, this.zipButton, this.allBackButton);
    const head = element("header", {}, this.name, this.mark, this.tools);
    if (this.closed) {
      head.append(
        button("Close", () => {
          this.close();
          this.closed();
        }),
      );
    }
    this.list.changed.after(this.allTools);
    this.main = element("div", { className: "file-view" });
    this.main.append(head, this.question, this.status, this.code, this.hint);
    this.root = element("section", { className: "course-panel course-editor" });
    this.root.setAttribute("aria-label", "Files");
    this.root.append(element("div", { className: "editor-body" }, this.list.root, this.main));
    this.showStatus("Choose a file. Commands that you run use it as you leave it here.");
    this.update();
  }

  listen() {
    const { signal } = (this.listening = new AbortController());
    this.machine.addEventListener("files", () => this.refresh(), { signal });
    this.machine.addEventListener("done", () => this.save(), { signal }); // if it failed before
    this.machine.addEventListener("state", () => this.recover(), { signal });
    addEventListener("pagehide", () => this.save(), { signal });
  }

  close() {
    this.save();
    this.listening.abort();
    this.view?.close();
    this.view = null;
    this.isClosed = true;
    this.root.remove();
  }

  // --- The file that is shown ---

  // As the reader asked for it: the panel comes into sight, and the focus into the text.
  async bring(path, place) {
    this.root.scrollIntoView({ block: "nearest" });
    await this.show(path, place);
    if (this.path === path && this.isShown) this.view.focus();
    // CodeMirror scrolls the page to the line in the next frame; the row above it stays in sight.
    const comeBack = () => this.root.scrollIntoView({ block: "nearest" });
    requestAnimationFrame(() => requestAnimationFrame(comeBack));
  }

  async show(path, { line, symbol } = {}) {
    this.save();
    this.answer();
    if (this.root.clientWidth <= NARROW) this.list.root.open = false;
    this.path = path;
    // A long path breaks after a folder.
    const parts = path.split(/(?<=\/)/).flatMap((part) => [element("wbr"), part]);
    this.name.replaceChildren(...parts);
    this.list.mark(path);
    try {
      const [current, original] = await Promise.all([
        this.machine.current(path),
        this.machine.original(path),
      ]);
      if (this.path !== path) return; // another one was chosen meanwhile
      this.original = original;
      if (current === null) {
        this.hide(
          original === null ? `There is no file ${path}.` : "This file is deleted. Put it back?",
        );
        return;
      }
      this.showStatus(this.view ? "" : "The editor is loading…");
      const codemirror = await loadCodeMirror();
      if (this.path !== path || this.isClosed) return;
      this.view ??= new CodeView(codemirror, this.code, {
        typed: () => this.typed(),
        left: () => this.save(),
      });
      this.view.open(path, current);
      this.isShown = true;
      this.compare(false);
      this.showStatus("");
      this.view.goTo((symbol && findSymbol(current, symbol)) || line || 1);
      this.refresh(); // loading may have taken a while
    } catch (error) {
      if (this.path === path) this.failed(error);
    }
  }

  failed(error) {
    if (this.isClosed) return;
    this.hide(
      error instanceof TypeError
        ? "The editor could not be loaded. Are you offline?"
        : `The file could not be read: ${error.message}`,
    );
    const path = this.path;
    this.status.append(
      " ",
      button("Try again", () => this.show(path)),
    );
  }

  // A sentence instead of the text.
  hide(sentence) {
    this.isShown = this.isDirty = this.isComparing = false;
    this.showStatus(sentence);
    this.update();
  }

  showStatus(sentence) {
    this.status.textContent = sentence;
  }

  // --- Saving ---

  typed() {
    this.isDirty = true;
    this.edits += 1;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), PAUSE);
    this.update();
  }

  async save() {
    clearTimeout(this.timer);
    if (!this.isDirty) return;
    const path = this.path;
    this.isDirty = false;
    this.saving += 1;
    try {
      await this.machine.write(path, this.view.text);
      if (this.unsaved) this.showStatus("");
      this.unsaved = false;
    } catch (error) {
      this.unsaved = true;
      if (path === this.path) this.isDirty = true; // the next pause, or command, tries again
      this.showStatus(`${path} is not saved: ${error.message}`);
    }
    this.saving -= 1;
    this.refresh();
  }

  // --- What changes behind the editor's back ---

  // One look at a time; what happens meanwhile is looked at once more.
  async refresh() {
    this.again = true;
    if (this.isLooking) return;
    this.isLooking = true;
    while (this.again && !this.isClosed) {
      this.again = false;
      try {
        await this.look();
        this.hasFailed = false;
      } catch (error) {
        this.hasFailed = true;
        if (!this.unsaved) this.showStatus(`The files could not be read: ${error.message}`);
      }
    }
    this.isLooking = false;
  }

  // What failed may go now: the terminal was open in another tab, say.
  recover() {
    if (this.machine.state !== "ready") return;
    this.save();
    if (!this.hasFailed) return;
    if (!this.unsaved) this.showStatus("");
    this.refresh();
  }

  async look() {
    const { path, edits } = this;
    const [paths, changes, current] = await Promise.all([
      this.machine.paths(),
      this.machine.changes(),
      path && this.machine.current(path),
    ]);
    if (this.isClosed) return;
    this.changes = new Map([...changes].filter(([, change]) => kindOf(change)));
    this.list.show(paths, changes);
    // What was typed meanwhile, or waits to be saved, wins over the disk.
    const isLatest = edits === this.edits && !this.isDirty && !this.saving;
    if (path && path === this.path && isLatest) this.follow(current);
    this.update();
  }

  follow(current) {
    if (!this.isShown) {
      if (current !== null && this.view) this.show(this.path);
    } else if (current === null) {
      this.hide(
        this.original === null
          ? "This file is deleted."
          : "This file is deleted. “Put back” brings it back as it came.",
      );
    } else {
      this.view.replace(current);
    }
  }

  // --- Buttons and marks ---

  update() {
    const text = this.isShown ? this.view.text : null;
    const kind = this.isShown
      ? kindOf({ original: this.original, current: text })
      : this.path && this.changes.has(this.path) && kindOf(this.changes.get(this.path));
    this.mark.textContent = kind || "";
    this.code.hidden = this.hint.hidden = !this.isShown;
    this.name.hidden = !this.path;
    this.tools.hidden = !this.path;
    this.compareButton.disabled = !this.isShown || kind !== "changed";
    this.compareButton.ariaPressed = Boolean(this.isComparing);
    this.nextButton.hidden = !this.isComparing;
    this.backButton.textContent = kind === "new" ? "Delete" : "Put back";
    this.backButton.disabled = !kind;
    this.allTools.hidden = !this.changes.size;
  }

  compare(on) {
    this.isComparing = on && this.original !== null;
    this.view.compare(this.isComparing ? this.original : null);
    if (this.isComparing) this.view.goToNextChange();
    this.update();
  }

  putBack() {
    const path = this.path;
    const isNew = this.original === null;
    this.ask(
      isNew
        ? `Delete ${path}? It did not come with the course.`
        : `Put ${path} back as it came? Your changes to it are lost.`,
      isNew ? "Delete it" : "Put it back",
      this.backButton,
      () => this.restore([path]),
    );
  }

  putAllBack() {
    const paths = [...this.changes.keys()];
    this.ask(
      `Put ${count(paths.length, "file")} back as they came? Your changes are lost, and files ` +
        "that did not come with the course are deleted. The database stays.",
      "Put all back",
      this.allBackButton,
      () => this.restore(paths),
    );
  }

  async restore(paths) {
    clearTimeout(this.timer);
    if (paths.includes(this.path)) this.isDirty = false;
    try {
      for (const path of paths) await this.machine.write(path, null);
      this.showStatus(paths.length === 1 ? "" : "All files are as they came.");
      if (paths.includes(this.path) && this.isComparing) this.compare(false);
    } catch (error) {
      this.showStatus(`The files could not be put back: ${error.message}`);
    }
    await this.refresh();
  }

  // Ask once, in the panel. The focus goes to the question, and back to `asker`.
  ask(question, yes, asker, action) {
    const finish = async (run) => {
      this.answer();
      if (run) await action();
      (asker.disabled || !asker.checkVisibility() ? this.list.summary : asker).focus();
    };
    const confirm = button(yes, () => finish(true), { className: "is-grave" });
    this.question.replaceChildren(
      element("p", { id: "panel-question" }, question),
      confirm,
      button("Cancel", () => finish(false)),
    );
    this.question.setAttribute("aria-labelledby", "panel-question");
    this.question.onkeydown = (event) => {
      if (event.key === "Escape") finish(false);
    };
    this.question.hidden = false;
    this.question.scrollIntoView({ block: "nearest" });
    confirm.focus();
  }

  answer() {
    this.question.hidden = true;
    this.question.replaceChildren();
  }

  async download(make) {
    try {
      await this.save();
      await make(this.machine);
    } catch (error) {
      this.showStatus(
        error instanceof TypeError
          ? "The download could not be made. Are you offline?"
          : `The download could not be made: ${error.message}`,
      );
    }
  }
}
