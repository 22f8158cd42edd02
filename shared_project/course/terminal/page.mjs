// Where the page meets the terminal: javascripts/terminal.js imports this, and nothing before.

import { machine } from "./machine.mjs";

const STYLES = ["xterm.css", "terminal.css", "panels.css"];
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
    import("./xterm.mjs"),
    import("./addon-fit.mjs"),
    ...STYLES.map(addStyle),
  ]).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

// Load what running needs. What fails here is said when the reader runs something.
export function prepare() {
  load().catch(() => {});
  machine.start().catch(() => {});
}

// Open the page's one terminal below `block` and run the block's commands there.
export async function run(block) {
  const [{ TerminalView }, { Terminal }, { FitAddon }] = await load();
  if (!terminal) {
    terminal = new TerminalView(machine, Terminal, FitAddon, block);
    machine.removeEventListener("notice", keep);
    early.forEach((text) => terminal.notice(text));
  }
  await terminal.showBelow(block);
  terminal.run(JSON.parse(block.dataset.run), "terminal" in block.dataset);
}
