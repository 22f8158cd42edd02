// The worker: a disk, a shell and Python, behind messages. One line runs at a time.
//
// From the page: boot, run, input, signal, complete, write, tables, progress, usage, snapshot. To the
// page: ready, output, ask, heard, files, done, answer, ended, failed. machine.mjs is the other end.

import { course } from "../course.mjs";
import { filesBelow, mount, Python } from "../python/python.mjs";
import { complete } from "../shell/completion.mjs";
import { Shell } from "../shell/shell.mjs";
import { BUILD, fetched, unzippedBytes } from "./fetching.mjs";
import { ENVIRONMENT, furnish, HOME } from "./home.mjs";
import { unpack } from "./packs.mjs";

// One message for each write would be slow for who writes much; who computes afterward must not
// keep his last line back.
const DRAW_EVERY = 15; // ms
const AT_ONCE = 20; // messages
const POLL_EVERY = 150; // ms: each takes some 5 ms
const KEEP_EVERY = 500; // ms: what a long command has written is not lost with the page
const BUFFER = 16384; // bytes
const LATER = 500; // ms
const INTERRUPT = 2;

const post = (type, message = {}, transfer = []) =>
  self.postMessage({ type, ...message }, transfer);

const VENDOR = `${BUILD}vendor/`; // Pyodide's modules
let session; // how the service worker knows this worker
let hasServiceWorker = false;
let python;
let shell;
let sources; // a promise: the source of the libraries is there
let isComplete = false; // it is
let pytest; // a promise: pytest is installed
let modules; // what Python has imported when a process begins, and once pytest is there
let isKept = false; // the page has the memory of the started Python
let before = new Map(); // the files as they were last reported
let running = 0; // the number of the line that runs
let screen = { columns: 80, rows: 24 };
let signal = 0;
let pressed = 0; // how often Ctrl-C was pressed in this line: it comes on two ways
let kept = 0;
let deadline; // when `timeout` sends its signal: { at, order }
let polled = 0;
let answer; // gives the asking process what was typed
let wake; // ends a process's sleep

// --- Output, in pieces that are worth a message ---

let pieces = [];
let size = 0;
let drawn = 0;
let allowed = AT_ONCE;

function draw() {
  const now = performance.now();
  allowed = Math.min(AT_ONCE, allowed + (now - drawn) / DRAW_EVERY);
  drawn = now;
  if (!size) return;
  allowed--;
  const whole = new Uint8Array(size);
  let start = 0;
  for (const piece of pieces) {
    whole.set(piece, start);
    start += piece.length;
  }
  pieces = [];
  size = 0;
  post("output", { data: whole }, [whole.buffer]);
}

function show(bytes) {
  pieces.push(bytes);
  size += bytes.length;
  if (size > BUFFER || allowed >= 1 || performance.now() - drawn > DRAW_EVERY) draw();
}

// --- What a process asks for ---

// Ask the service worker in the middle of a computation: a request can be waited for there.
function callServiceWorker(what) {
  const request = new XMLHttpRequest();
  request.open("GET", new URL(`ask/${what}?session=${session}&${Math.random()}`, BUILD), false);
  request.send();
  return request;
}

const host = {
  ask(secret) {
    draw();
    keep();
    post("ask", { secret });
    if (python.canWait) {
      return new Promise((resolve) => {
        answer = resolve;
      });
    }
    if (!hasServiceWorker) return "";
    for (;;) {
      const { status, responseText } = callServiceWorker("input");
      if (status === 200) return responseText;
      if (status !== 204) return ""; // 204: nothing yet
    }
  },
  sleep(milliseconds) {
    draw();
    return new Promise((resolve) => {
      const left = deadline ? Math.max(0, deadline.at - performance.now()) + 1 : Infinity;
      const timer = setTimeout(resolve, Math.min(milliseconds, left));
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  },
  signal() {
    if (!running) return 0;
    const now = performance.now();
    if (size && now - drawn > DRAW_EVERY) draw();
    if (deadline && now > deadline.at) {
      deadline.order.sent = true;
      signal = deadline.order.number;
      deadline = undefined;
    }
    if (hasServiceWorker && now - polled > POLL_EVERY) {
      polled = now;
      const { status, responseText } = callServiceWorker("signal");
      if (status === 200) press(JSON.parse(responseText));
    }
    if (now - kept > KEEP_EVERY) keep();
    const number = signal;
    signal = 0;
    if (number) post("heard");
    return number;
  },
  complete: () => (isComplete ? undefined : fetchSources()),
  ended(code, reason) {
    // Python has gone, and its disk is still here.
    if (reason) show(new TextEncoder().encode(`Python has crashed: ${reason}\n`));
    draw();
    post("ended", { id: running, code, ...changes() });
  },
};

// Give `text` to whoever asks: Python, or a builtin of the shell.
function type(text) {
  const resolve = answer;
  answer = undefined;
  resolve?.(text);
}

// Take one press of Ctrl-C, unless it came on the other way before.
function press(one) {
  if (one?.line !== running || one.number <= pressed) return false;
  pressed = one.number;
  signal = INTERRUPT;
  return true;
}

function deliver({ press: one }) {
  if (!press(one)) return;
  if (answer) {
    signal = 0;
    type("\x03");
  }
  shell.interrupt();
  wake?.();
}

// --- The disk ---

// Return what has changed since this was last asked: the bytes of each file, null if it went.
function changes() {
  const now = new Map();
  const files = {};
  const moment = Date.now();
  for (const [path, { bytes, mark, modified }] of filesBelow(python.FS, HOME)) {
    // What was written in this millisecond may be written again in it.
    now.set(path, modified < moment ? mark : undefined);
    if (before.get(path) !== mark) files[path] = bytes.slice();
  }
  for (const path of before.keys()) if (!now.has(path)) files[path] = null;
  before = now;
  return { files };
}

// Have the page keep what a line has written so far, as a disk would.
function keep() {
  kept = performance.now();
  const { files } = changes();
  if (Object.keys(files).length) post("files", { files });
}

function write(FS, files) {
  for (const [path, bytes] of Object.entries(files)) {
    const full = `${HOME}/${path}`;
    if (bytes === null) {
      if (FS.analyzePath(full).exists) FS.unlink(full);
      continue;
    }
    FS.mkdirTree(full.slice(0, full.lastIndexOf("/")));
    FS.writeFile(full, bytes);
  }
}

// --- What is fetched before the page knows what the disk holds ---

const textOf = async (name) => (await fetched(name)).text();
const texts = { prelude: textOf("python/prelude.py"), modules: textOf("python/modules.json") };
const packs = ["python", "bytecode", "course"].map(async (name) => [
  ...unpack(await unzippedBytes(`${name}.pack`)),
]);
// Whoever waits for one of them hears of a failure.
for (const early of [...Object.values(texts), ...packs]) early.catch(() => {});
Python.fetch(VENDOR);

// --- Messages ---

async function boot(message) {
  session = message.session;
  const { module, snapshot, files } = message;
  // Pyodide must see what the page has seen.
  if (!message.canWait) delete WebAssembly.Suspending;
  modules = JSON.parse(await texts.modules);
  const options = {
    pyodide: VENDOR,
    module,
    prelude: await texts.prelude,
    modules: modules.always,
    course: course.python,
    host,
    mount: async (FS) => {
      const [python, bytecode, originals] = await Promise.all(packs);
      furnish(FS, { python, bytecode, course: originals });
      write(FS, files);
    },
  };
  python = await Python.boot({ ...options, snapshot });
  isKept = Boolean(snapshot);
  if (!(course.database in files)) {
    // Rounded down: what was old enough for the cleanup must stay so.
    const age = Math.floor(Date.now() / 1000 - message.built);
    await python.output("freshen", { cwd: HOME, env: ENVIRONMENT, argument: age });
  }
  changes();
  shell = new Shell({
    FS: python.FS,
    home: HOME,
    env: ENVIRONMENT,
    spawn,
    diff: () => import("../vendor/diff.mjs"),
    interrupted: () => {
      signal = host.signal();
      return signal !== 0;
    },
  });
  if (message.state) shell.state = message.state;
  // Where Python can wait for them, they come when something asks for them, or after the first line.
  if (!python.canWait) await fetchSources();
  post("ready", { isNew: !snapshot });
}

function fetchSources() {
  sources ??= unzippedBytes("sources.pack").then((pack) => {
    mount(python.FS, "", unpack(pack));
    isComplete = true;
  });
  sources.catch(() => (sources = undefined));
  return sources;
}

async function spawn(argv, { env, cwd, signal: order, ...streams }) {
  const [program, ...rest] = argv;
  const isPytest = program === "pytest" || (rest[0] === "-m" && rest[1] === "pytest");
  try {
    if (isPytest || runsTests(rest)) await installPytest();
  } catch (error) {
    streams.stderr.write(new TextEncoder().encode(`${program}: ${error.message}\n`));
    return 1;
  }
  const command = { pytest: ["-m", "pytest", ...rest], "django-admin": ["-m", "django", ...rest] };
  deadline = order && { at: performance.now() + order.seconds * 1000, order };
  try {
    return await python.run({ argv: command[program] ?? rest, cwd, env, ...screen, ...streams });
  } finally {
    deadline = undefined;
  }
}

// Some commands of manage.py run pytest as well.
function runsTests([, command, argument]) {
  const wanted = course.tests[command];
  return wanted === null || (wanted !== undefined && wanted === argument);
}

function installPytest() {
  pytest ??= Promise.all([unzippedBytes("pytest.pack"), fetchSources()]).then(([pack]) => {
    mount(python.FS, "", unpack(pack));
    // Whoever visits the next page may have no use for pytest.
    postMemory();
    python.preload(modules.pytest);
  });
  pytest.catch(() => (pytest = undefined));
  return pytest;
}

// Give the page the memory of the started Python, unless it has it.
function postMemory() {
  if (isKept) return;
  isKept = true;
  const memory = python.snapshot();
  post("snapshot", { memory }, [memory.buffer]);
}

// Return the next line that is typed, for a builtin of the shell; null at the end.
async function typed() {
  draw();
  post("ask", { secret: false });
  const text = await new Promise((resolve) => {
    answer = resolve;
  });
  return text && text !== "\x03" ? new TextEncoder().encode(text) : null;
}

async function run({ id, line, columns, rows, terminal }) {
  running = id;
  signal = pressed = 0;
  kept = polled = performance.now();
  screen = { columns, rows };
  const output = { terminal, columns, rows, write: show };
  const stdin = terminal
    ? { terminal: true, read: typed }
    : { terminal: false, read: async () => null, readNow: () => null };
  let code;
  try {
    code = await shell.run(line, { stdin, stdout: output, stderr: output, columns, rows });
  } finally {
    running = 0;
    answer = wake = undefined;
  }
  if (python.dead) return;
  draw();
  commands = undefined;
  const { isBloated } = python;
  post("done", { id, code, state: shell.state, isBloated, ...changes() });
  // When the page has drawn what it got. Whoever needs them sooner asks, and hears of a failure.
  setTimeout(() => fetchSources().catch(() => {}), LATER);
}

let commands; // what completion knows of manage.py's commands, until a file changes

async function commandsOf() {
  commands ??= python.output("commands", { cwd: HOME, env: ENVIRONMENT });
  return commands.catch(() => []);
}

// Answer with what a function of the prelude writes.
async function answerWith(name, { id }) {
  post("answer", { id, value: await python.output(name, { cwd: HOME, env: ENVIRONMENT }) });
}

// These wait for each other: there is one memory.
const inTurn = {
  boot,
  run,
  complete: async ({ id, line, cursor }) => {
    post("answer", { id, value: await complete(shell, line, cursor, commandsOf) });
  },
  tables: (message) => answerWith("tables", message),
  progress: (message) => answerWith("progress", message),
  usage: ({ id }) => post("answer", { id, value: python.usage }),
  write: ({ files }) => {
    commands = undefined;
    write(python.FS, files);
    changes();
  },
  snapshot: postMemory,
};

const atOnce = {
  input: ({ text }) => type(text ?? ""),
  signal: deliver,
  serviceWorker: () => {
    hasServiceWorker = true;
  },
};

let turn = Promise.resolve();

async function handle(data) {
  try {
    await inTurn[data.type](data);
  } catch (error) {
    const text = String(error?.message ?? error);
    if (!python?.dead) post("failed", { id: data.id, text, isBoot: data.type === "boot" });
  }
}

self.onmessage = ({ data }) => {
  if (data.type in atOnce) atOnce[data.type](data);
  else turn = turn.then(() => handle(data));
};
