// Where the page meets the terminal: javascripts/terminal.js imports this, and nothing before.

import { course } from "../course.mjs";
import { machine } from "../machine/machine.mjs";

const STYLES = ["../vendor/xterm.css", "./terminal.css", "../panels/panels.css"];
let loading;
let terminal;

// What the machine says before there is a terminal to show it.
const early = [];
const keep = ({ text }) => early.push(text);
machine.addEventListener("notice", keep);

function addStyle(name) {
  return new Promise((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL(name, import.meta.url);
    link.onload = resolve;
    link.onerror = () => {
      link.remove();
      reject(new Error(`${name} could not be loaded`));
    };
    document.head.append(link);
  });
}

// Where something could not be loaded, the next attempt begins anew.
function load() {
  loading ??= Promise.all([
    import("./terminal.mjs"),
    import("../vendor/xterm.mjs"),
    import("../vendor/addon-fit.mjs"),
    ...STYLES.map(addStyle),
  ]).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

/** Load what the block's button needs. What fails here is said when the reader presses it. */
export function prepare(block) {
  load().catch(() => {});
  if ("path" in block.dataset) prepareFiles().catch(() => {});
  machine.start().catch(() => {});
}

async function prepareFiles() {
  const { prepareEditor } = await import("../panels/editor.mjs");
  await prepareEditor();
}

// The page's one terminal, which is made below `block`, or moved there later.
async function open(block) {
  const [{ TerminalView }, { Terminal }, { FitAddon }] = await load();
  if (!terminal) {
    terminal = new TerminalView(machine, Terminal, FitAddon, block);
    machine.removeEventListener("notice", keep);
    for (const text of early) terminal.notice(text);
  }
  return terminal;
}

/** Run the block's commands in the terminal below it; call `ended` with the last exit code. */
export async function run(block, ended) {
  // At once: it takes longer than to load the terminal.
  const starting = machine.start();
  starting.catch(() => {}); // The terminal says it.
  await open(block);
  await terminal.showBelow(block);
  const { run, codes = "[]" } = block.dataset;
  terminal.run(JSON.parse(run), {
    codes: JSON.parse(codes),
    onTerminal: "terminal" in block.dataset,
    starting,
    ended,
  });
}

/** Open the block's file, at the lines that the block shows, in the editor below it. */
export async function edit(block) {
  const { path, line, symbol } = block.dataset;
  await open(block);
  await terminal.showBelow(block, { focus: false });
  terminal.edit(path, { line: Number(line), symbol });
}

// --- Code on the page that is no longer what the learner's file has ---

const CHANGED = "You have changed this file. The page shows it as it came.";
const DELETED = "You have deleted this file. The page shows it as it came.";

async function markChanged() {
  const changes = await machine.changes();
  for (const block of document.querySelectorAll("[data-build][data-path]:not(.exercise-bar)")) {
    const change = changes.get(block.dataset.path);
    let note = block.querySelector(".changed-note");
    if (!change) {
      note?.remove();
      continue;
    }
    if (!note) {
      note = document.createElement("p");
      note.className = "changed-note";
      block.append(note);
    }
    note.textContent = change.current === null ? DELETED : CHANGED;
  }
}

// --- Exercises: course.js shows how far the learner is, and keeps it for pages without a terminal ---

let told; // the progress, as its file was when it was last told

async function tellExercises() {
  const text = await machine.current(course.progress);
  if (text === told) return;
  told = text;
  dispatchEvent(new CustomEvent("exercises", { detail: await machine.exercises() }));
}

// The machine says what keeps it from its files where it is used.
const update = () => {
  markChanged().catch(() => {});
  tellExercises().catch(() => (told = undefined));
};
machine.addEventListener("files", update);
machine.addEventListener("state", () => machine.state === "ready" && update());
