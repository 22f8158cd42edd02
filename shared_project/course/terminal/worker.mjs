// The worker: a disk, a shell and Python, behind messages. One line runs at a time.
//
// From the page: boot, run, input, signal, complete, write, tables. To the page: progress, ready,
// output, ask, done, answer, ended, failed. machine.mjs is the other end.

import { complete } from "./completion.mjs";
import { ENVIRONMENT, fill, furnish, HOME } from "./home.mjs";
import { unpack } from "./packs.mjs";
import { Python } from "./python.mjs";
import { Shell } from "./shell.mjs";

const DRAW_EVERY = 15; // ms: one message for each write would be slow
const POLL_EVERY = 100; // ms
const BUFFER = 16384; // bytes

const post = (type, message = {}, transfer = []) => self.postMessage({ type, ...message }, transfer);

let base;
let session; // how the service worker knows this worker
let hasServiceWorker = false;
let python;
let shell;
let sources; // a promise: the source of the libraries is there
let pytest; // a promise: pytest is installed
let before = new Map(); // the files as they were last reported
let running = 0; // the number of the line that runs
let screen = { columns: 80, rows: 24 };
let signal = 0;
let deadline; // when `timeout` sends its signal: { at, order }
let polled = 0;
let answer; // gives the asking process what was typed
let wake; // ends a process's sleep

// --- What was fetched ---

async function fetched(name) {
  const response = await fetch(new URL(name, base));
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return response;
}

async function unzipped(name) {
  const { body } = await fetched(name);
  return new Uint8Array(
    await new Response(body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer(),
  );
}

// --- Output, in pieces that are worth a message ---

let pieces = [];
let size = 0;
let drawn = 0;

function draw() {
  drawn = performance.now();
  if (!size) return;
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
  if (size > BUFFER || performance.now() - drawn > DRAW_EVERY) draw();
}

// --- What a process asks for ---

/** Ask the service worker in the middle of a computation: a request can be waited for there. */
function callServiceWorker(what) {
  const request = new XMLHttpRequest();
  request.open("GET", new URL(`ask/${what}?session=${session}&${Math.random()}`, base), false);
  request.send();
  return request;
}

const host = {
  ask(secret) {
    draw();
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
      if (status === 200 && responseText !== "0") signal = Number(responseText);
    }
    const number = signal;
    signal = 0;
    return number;
  },
  complete: () => sources,
  ended(code, reason) {
    // Python has gone, and its disk is still here.
    if (reason) show(new TextEncoder().encode(`Python has crashed: ${reason}\n`));
    draw();
    post("ended", { id: running, code, ...changes() });
  },
};

/** Give `text` to whoever asks: Python, or a word of the shell. */
function type(text) {
  const resolve = answer;
  answer = undefined;
  resolve?.(text);
}

function deliver(number) {
  if (answer) type("\x03");
  else signal = number;
  shell?.interrupt();
  wake?.();
}

// --- The disk ---

/** Return what has changed since this was last asked: the bytes of each file, null if it went. */
function changes() {
  const now = new Map();
  const walk = (folder) => {
    for (const name of python.FS.readdir(folder)) {
      if (name === "." || name === "..") continue;
      const path = `${folder}/${name}`;
      const { mode, size: length, mtime, ino } = python.FS.lstat(path);
      if (python.FS.isDir(mode)) walk(path);
      else now.set(path.slice(HOME.length + 1), `${length} ${Number(mtime)} ${ino}`);
    }
  };
  walk(HOME);
  const files = {};
  for (const [path, mark] of now) {
    if (before.get(path) !== mark) files[path] = python.FS.readFile(`${HOME}/${path}`);
  }
  for (const path of before.keys()) if (!now.has(path)) files[path] = null;
  before = now;
  return { files };
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

// --- Messages ---

async function boot(message) {
  ({ base, session } = message);
  const { module, snapshot, files } = message;
  const [libraries, course, bytecode] = ["python", "course", "bytecode"].map((name) =>
    unzipped(`${name}.pack.gz`),
  );
  const options = {
    pyodide: base,
    module,
    prelude: await (await fetched("prelude.py")).text(),
    modules: await (await fetched("modules.json")).json(),
    host,
    mount: async (FS) => {
      const packs = await Promise.all([libraries, bytecode, course]);
      const [python, compiled, ours] = packs.map((pack) => [...unpack(pack)]);
      furnish(FS, { python, bytecode: compiled, course: ours });
      write(FS, files);
    },
  };
  try {
    python = await Python.boot({ ...options, snapshot });
  } catch (error) {
    if (!snapshot) throw error;
    post("spoiled"); // the stored memory is of no use
    throw error;
  }
  if (!("var/db.sqlite3" in files)) {
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
    interrupted: () => {
      signal = host.signal();
      return signal !== 0;
    },
  });
  post("ready", { isNew: !snapshot });
  sources = unzipped("sources.pack.gz").then((pack) => fill(python.FS, unpack(pack)));
  sources.catch(() => {}); // whoever needs it hears of it
  if (!python.canWait) await sources;
}

async function spawn(argv, { env, cwd, signal: order, ...streams }) {
  const [program, ...rest] = argv;
  const isPytest = program === "pytest" || (rest[0] === "-m" && rest[1] === "pytest");
  // `python manage.py test` runs pytest as well.
  if (isPytest || rest[1] === "test") await installPytest();
  const command = { pytest: ["-m", "pytest", ...rest], "django-admin": ["-m", "django", ...rest] };
  deadline = order && { at: performance.now() + order.seconds * 1000, order };
  try {
    return await python.run({ argv: command[program] ?? rest, cwd, env, ...screen, ...streams });
  } finally {
    deadline = undefined;
  }
}

function installPytest() {
  pytest ??= Promise.all([unzipped("pytest.pack.gz"), sources]).then(([pack]) => {
    fill(python.FS, unpack(pack));
  });
  pytest.catch(() => (pytest = undefined));
  return pytest;
}

/** Return the next line that is typed, for a word of the shell; null at the end. */
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
  signal = 0;
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
  post("done", { id, code, cwd: shell.cwd, isBloated: python.isBloated, ...changes() });
}

let commands; // what completion knows of manage.py's commands, until a file changes

async function commandsOf() {
  commands ??= python.output("commands", { cwd: HOME, env: ENVIRONMENT });
  return commands.catch(() => []);
}

const handlers = {
  boot,
  run,
  input: ({ text }) => type(text ?? ""),
  signal: ({ number }) => deliver(number),
  serviceWorker: () => {
    hasServiceWorker = true;
  },
  complete: async ({ id, line, cursor }) => {
    post("answer", { id, value: await complete(shell, line, cursor, commandsOf) });
  },
  write: ({ files }) => {
    commands = undefined;
    write(python.FS, files);
    changes();
  },
  snapshot: () => {
    const memory = python.snapshot();
    post("snapshot", { memory }, [memory.buffer]);
  },
  tables: async ({ id }) => {
    post("answer", { id, value: await python.output("tables", { cwd: HOME, env: ENVIRONMENT }) });
  },
};

self.onmessage = async ({ data }) => {
  try {
    await handlers[data.type](data);
  } catch (error) {
    if (!python?.dead) post("failed", { id: data.id, text: String(error?.message ?? error) });
  }
};
