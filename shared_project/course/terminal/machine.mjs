// The tab's machine: the page's side of the worker. It starts it, stops it, and starts it again;
// it keeps what the disk holds; and it lets one tab at a time use it.

import { Disk, dropMemory, dropOtherBuilds, readMemory, storeMemory } from "./disk.mjs";
import { unpack } from "./packs.mjs";

const BASE = new URL("./", import.meta.url).href;
const BUILD = BASE.split("/").at(-2);
const LOCK = "course-terminal";
// How long a process may take to react to Ctrl-C before it is ended with its worker.
const PATIENCE = 1500; // ms
const INTERRUPT = 2;
const STOPPED = "Stopped. What it had not yet written to disk is lost.";
// Made by commands, and no part of the course.
const MADE = /^(var\/|users\.(csv|json|xml)$)|(^|\/)\.|__pycache__\//;
const HAS_JSPI = "Suspending" in WebAssembly;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function asText(bytes) {
  try {
    const text = decoder.decode(bytes);
    return text.includes("\0") ? null : text;
  } catch {
    return null; // it is no text
  }
}

class Machine extends EventTarget {
  state = "off";
  cwd = "/course";
  code = 0;

  #lines = 0;
  #questions = new Map();
  #late = {}; // edits that wait for the running line to end

  tell(type, properties = {}) {
    this.dispatchEvent(Object.assign(new Event(type), properties));
  }

  #become(state) {
    if (this.state === state) return;
    this.state = state;
    this.tell("state");
  }

  // --- Starting ---

  /** Start the machine if it is not; reject with an error whose message is for the reader. */
  start() {
    this.#starting ??= this.#start().catch((error) => {
      this.#starting = undefined;
      this.#become(error.elsewhere ? "elsewhere" : "failed");
      throw error;
    });
    return this.#starting;
  }

  #starting;

  async #start() {
    this.#become("starting");
    this.tell("progress", { text: "Python is loading…" });
    await this.#lock();
    // All at once: what takes longest is the network.
    this.#compiled ??= compile();
    this.#compiled.catch(() => (this.#compiled = undefined));
    const serviceWorker = this.#startServiceWorker();
    const memory = readMemory(BUILD);
    await this.#openDisk();
    this.tell("progress", { text: "Python is starting…" });
    this.#serviceWorker = await serviceWorker;
    await this.#boot(await memory);
    this.#become("ready");
    dropOtherBuilds(BUILD);
  }

  #compiled;
  #serviceWorker;
  #disk;
  #built;

  #openDisk() {
    this.#opening ??= this.#readDisk().catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  #opening;

  async #readDisk() {
    const [manifest, pack] = await Promise.all([
      fetched("manifest.json").then((response) => response.json()),
      fetched("course.pack.gz").then(unzipped),
    ]);
    this.#built = manifest.built;
    const disk = new Disk(new Map(unpack(pack)), manifest.shop, (text) =>
      this.tell("notice", { text }),
    );
    await disk.open();
    this.#disk = disk;
  }

  async #boot(memory) {
    const session = crypto.randomUUID();
    const worker = new Worker(`${BASE}worker.mjs`, { type: "module" });
    this.#worker = worker;
    this.#session = session;
    const module = await this.#compiled;
    await new Promise((resolve, reject) => {
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error("Python could not be started. Reload the page, or look at your network."));
      };
      worker.onmessage = ({ data }) => {
        if (worker !== this.#worker) return;
        if (data.type === "ready") {
          this.#hasMemory = !data.isNew;
          resolve();
        } else if (data.type === "spoiled") {
          this.#isSpoiled = true;
        } else if (data.type === "failed" && this.state === "starting") {
          reject(new Error(data.text));
        } else {
          this.#hear(data);
        }
      };
      worker.postMessage({
        type: "boot",
        base: BASE,
        session,
        module,
        snapshot: memory,
        built: this.#built,
        files: this.#changed(),
      });
    }).catch(async (error) => {
      worker.terminate();
      if (!this.#isSpoiled) throw error;
      // The stored memory did not fit. Without it Python takes longer, and starts.
      this.#isSpoiled = false;
      await dropMemory(BUILD);
      await this.#boot(null);
    });
    if (this.#serviceWorker) this.#worker.postMessage({ type: "serviceWorker" });
  }

  #worker;
  #session;
  #hasMemory = false;
  #isSpoiled = false;

  /** What the new worker's files must be told: where they differ from the course's. */
  #changed() {
    return Object.fromEntries(this.#disk.files);
  }

  async #startServiceWorker() {
    try {
      const container = navigator.serviceWorker;
      for (const other of await container.getRegistrations()) {
        if (other.scope.includes("/assets/terminal/") && other.scope !== BASE) other.unregister();
      }
      const registration = await container.register(`${BASE}sw.js`, { scope: BASE });
      const worker = registration.active ?? registration.waiting ?? registration.installing;
      if (worker.state !== "activated") {
        await new Promise((resolve) => {
          worker.addEventListener("statechange", () => worker.state === "activated" && resolve());
        });
      }
      return registration;
    } catch {
      return undefined; // not on this address, or not in this browser
    }
  }

  // --- One tab at a time: two disks would write over each other ---

  #lock(steal = false) {
    if (!navigator.locks) return undefined;
    if (!steal && this.#locking) return this.#locking;
    this.#locking = new Promise((resolve, reject) => {
      const options = steal ? { steal: true } : { ifAvailable: true };
      const held = navigator.locks.request(LOCK, options, (lock) => {
        if (!lock) {
          this.#locking = undefined;
          const error = new Error("The terminal is open in another tab.");
          reject(Object.assign(error, { elsewhere: true }));
          return undefined;
        }
        resolve();
        return new Promise(() => {}); // as long as the page
      });
      held.catch(() => this.#giveUp());
    });
    return this.#locking;
  }

  #locking;

  /** Another tab has taken over. */
  #giveUp() {
    this.#worker?.terminate();
    this.#worker = this.#starting = this.#disk = this.#opening = this.#locking = undefined;
    this.#dropQuestions();
    this.#become("elsewhere");
    this.#end({ code: 130, note: "The terminal goes on in another tab." });
  }

  async takeOver() {
    this.#starting = undefined;
    await this.#lock(true);
    await this.start();
  }

  // --- Lines ---

  /** Run a line of the shell; one at a time. */
  async exec(line, { columns = 80, rows = 24, terminal = true } = {}) {
    await this.start();
    while (this.#ended || this.#questions.size) await this.#idle();
    const id = ++this.#lines;
    this.#ended = withResolvers();
    this.#become("running");
    this.#worker.postMessage({ type: "run", id, line, columns, rows, terminal });
    return this.#ended.promise;
  }

  #ended;

  #end(outcome) {
    const ended = this.#ended;
    this.#ended = undefined;
    if (!ended) return;
    this.code = outcome.code;
    ended.resolve(outcome);
    this.tell("done");
  }

  #hear(message) {
    switch (message.type) {
      case "output":
        this.tell("output", { data: message.data });
        break;
      case "ask":
        this.#become("asking");
        this.tell("ask", { secret: message.secret });
        break;
      case "done":
        this.#finish(message);
        break;
      case "ended":
        this.#finish(message, { dead: true });
        break;
      case "answer":
        this.#questions.get(message.id)?.resolve(message.value);
        this.#questions.delete(message.id);
        break;
      case "snapshot":
        storeMemory(BUILD, message.memory);
        break;
      case "failed":
        this.#questions.get(message.id)?.reject(new Error(message.text));
        this.#questions.delete(message.id);
        if (this.#ended && message.id === this.#lines) {
          this.tell("notice", { text: message.text });
          this.#restart({ code: 1 });
        }
        break;
    }
  }

  async #finish({ code, cwd, files, isBloated }, { dead = false } = {}) {
    if (cwd) this.cwd = cwd;
    await this.#disk.save(files);
    if (Object.keys(files).length) this.tell("files");
    if (dead || isBloated) {
      await this.#restart({ code });
      return;
    }
    this.#writeLate();
    this.#become("ready");
    this.#end({ code });
    if (!this.#hasMemory) {
      this.#hasMemory = true;
      // When nobody waits for it.
      setTimeout(() => this.state === "ready" && this.#worker?.postMessage({ type: "snapshot" }), 500);
    }
  }

  /** End the worker, whatever it does, and start another one with the same disk. */
  async #restart(outcome) {
    this.#worker?.terminate();
    this.#dropQuestions();
    this.#late = {};
    this.cwd = "/course";
    this.#become("starting");
    try {
      await this.#boot(await readMemory(BUILD));
      this.#become("ready");
    } catch (error) {
      this.#starting = undefined;
      this.tell("notice", { text: error.message });
      this.#become("failed");
    }
    this.#end(outcome);
  }

  input(text) {
    this.#become("running");
    if (HAS_JSPI) this.#worker.postMessage({ type: "input", text });
    else this.#post({ type: "input", text: text ?? "" });
  }

  /** Ctrl-C. What does not react is ended. */
  interrupt() {
    if (!this.#ended) return;
    this.#worker.postMessage({ type: "signal", number: INTERRUPT });
    this.#post({ type: "signal", number: INTERRUPT });
    const id = this.#lines;
    setTimeout(() => {
      if (this.#ended && id === this.#lines) this.#restart({ code: 130, note: STOPPED });
    }, PATIENCE);
  }

  #post(message) {
    this.#serviceWorker?.active?.postMessage({ ...message, session: this.#session });
  }

  #asked = 0;

  /** Wait until the one thing that the worker does is done. */
  async #idle() {
    await this.#ended?.promise;
    for (const { promise } of this.#questions.values()) await promise.catch(() => {});
  }

  #dropQuestions() {
    for (const { reject } of this.#questions.values()) reject(new Error("Python has ended."));
    this.#questions.clear();
  }

  async #ask(type, properties) {
    await this.start();
    while (this.#ended || this.#questions.size) await this.#idle();
    const id = `${type}-${++this.#asked}`;
    const question = withResolvers();
    this.#questions.set(id, question);
    this.#worker.postMessage({ type, id, ...properties });
    return question.promise;
  }

  complete(line, cursor) {
    return this.#ask("complete", { line, cursor });
  }

  tables() {
    return this.#ask("tables");
  }

  // --- Files ---

  async #ready() {
    await this.#lock();
    await this.#openDisk();
    return this.#disk;
  }

  async paths() {
    const { originals, files } = await this.#ready();
    const paths = new Set([...originals.keys(), ...files.keys()]);
    return [...paths]
      .filter((path) => !MADE.test(path) && files.get(path) !== null)
      .filter((path) => asText(files.get(path) ?? originals.get(path)) !== null)
      .sort();
  }

  async original(path) {
    const { originals } = await this.#ready();
    return originals.has(path) ? asText(originals.get(path)) : null;
  }

  async current(path) {
    const { originals, files } = await this.#ready();
    const bytes = files.has(path) ? files.get(path) : originals.get(path);
    return bytes ? asText(bytes) : null;
  }

  async changes() {
    const { files } = await this.#ready();
    const changes = new Map();
    for (const [path, bytes] of files) {
      if (MADE.test(path) || (bytes && asText(bytes) === null)) continue;
      changes.set(path, {
        original: await this.original(path),
        current: bytes ? asText(bytes) : null,
      });
    }
    return changes;
  }

  /** Write `text` to the file; null puts the original back. */
  async write(path, text) {
    const disk = await this.#ready();
    const bytes =
      text === null ? (disk.originals.get(path) ?? null) : new TextEncoder().encode(text);
    Object.assign(this.#late, { [path]: bytes });
    if (!this.#ended) this.#writeLate();
    await disk.save({ [path]: bytes });
    this.tell("files");
  }

  #writeLate() {
    if (Object.keys(this.#late).length && this.#worker) {
      this.#worker.postMessage({ type: "write", files: this.#late });
    }
    this.#late = {};
  }

  /** Bring everything back as it came. */
  async reset() {
    const disk = await this.#ready();
    await disk.clear();
    if (this.#worker) await this.#restart({ code: 130 });
    this.code = 0;
    this.tell("files");
    this.tell("done");
  }
}

function withResolvers() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

async function fetched(name) {
  const response = await fetch(BASE + name).catch(() => {
    throw new Error("Python cannot be fetched. Are you offline?");
  });
  if (response.ok) return response;
  throw new Error("The course has been updated. Reload this page to run its commands.");
}

function unzipped({ body }) {
  return new Response(body.pipeThrough(new DecompressionStream("gzip")))
    .arrayBuffer()
    .then((buffer) => new Uint8Array(buffer));
}

async function compile() {
  const { body } = await fetched("pyodide.asm.wasm.gz");
  const headers = { "content-type": "application/wasm" };
  const unpacked = body.pipeThrough(new DecompressionStream("gzip"));
  return WebAssembly.compileStreaming(new Response(unpacked, { headers }));
}

export const machine = new Machine();
