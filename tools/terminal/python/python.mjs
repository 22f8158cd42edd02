// Python in the page: the only file that touches Pyodide's internals.
//
// A process is a copy of memory. Python boots once, imports what commands need, and its memory is
// copied. After each process the copy is put back, which takes some milliseconds: so each command
// starts in a fresh interpreter. The files are in JavaScript's memory, and stay, as a disk would.

const LOCK = {
  info: {
    abi_version: "2026_0",
    arch: "wasm32",
    platform: "emscripten_5_0_3",
    python: "3.14.2",
  },
  packages: {},
};
/** Where Pyodide is touched beyond what it documents. An upgrade may move any of it. */
export const INTERNALS = {
  api: ["scheduleCallback"],
  module: [
    "FS",
    "HEAPU8",
    "__hiwire_get",
    "__hiwire_set",
    "finalizationRegistry",
    "growMemory",
    "jspiSupported",
  ],
  files: ["analyzePath", "close", "mkdirTree", "streams", "ErrnoError"],
  node: ["atime", "contents", "ctime", "id", "mode", "mtime", "node_ops", "usedBytes"],
  options: [
    "_loadSnapshot",
    "_makeSnapshot",
    "createPyodideModule",
    "fsInit",
    "ioctl_tiocgwinsz",
    "lockFileContents",
    "on_fatal",
    "onExit",
    "stdLibURL",
  ],
  python: [
    "_api",
    "_module",
    "loadedPackages",
    "makeMemorySnapshot",
    "setInterruptBuffer",
    "setStderr",
    "setStdout",
  ],
};

export const SITE_PACKAGES = "/lib/python3.14/site-packages";
const STDLIB = "packed://stdlib";
// What was imported so far lives as long as the process.
const TIDY = "import gc; gc.collect(); gc.freeze()";
const ABORTED = 134;
const TOO_DEEP = "it went deeper than the browser's stack is";
const EPIPE = 64;
const EMPTY_ZIP = new Uint8Array(22);
EMPTY_ZIP.set([0x50, 0x4b, 0x05, 0x06]);
const PAGE = 65536; // bytes
// An answer to whether a signal has come takes longer than Python does between two questions.
const FAST = 1; // ms between two answers
const SKIPPED = 8; // questions without an answer after a fast one
// Memory does not shrink. What has grown so far is slow to clear after each process.
const LARGE = 300e6;

// What Python leaves to OpenSSL, which is not here.
globalThis.deriveKey = async (hash, password, salt, iterations, size) => {
  const { subtle } = crypto;
  const key = await subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash, salt, iterations };
  return new Uint8Array(await subtle.deriveBits(how, key, size * 8));
};

export class Python {
  /** Fetch Pyodide's modules from the folder `pyodide`; `boot` finds them there. */
  static fetch(pyodide) {
    const fetched = ["pyodide.mjs", "pyodide.asm.mjs"].map((name) => import(`${pyodide}${name}`));
    const both = Promise.all(fetched);
    both.catch(() => {});
    return both;
  }

  /**
   * Boot, or take up the memory that `snapshot` holds.
   *
   * `pyodide` is the folder with pyodide.mjs and pyodide.asm.mjs, as a URL that ends with a slash.
   * `module` is a promise of the compiled WebAssembly module, or nothing in Node.js.
   * `stdlib` is a promise of the standard library, a zip file, or nothing where `mount` brings it.
   * `mount(FS)` brings the files there.
   * `prelude` is the text of prelude.py, `modules` what it imports, `course` what it is told.
   * `host` answers what a process asks: `ask(secret)` and `sleep(ms)`, both may return a promise,
   * `signal()`, the number of a signal to deliver or 0, and `ended(code, reason)`, when Python has died.
   * `complete()` promises that all modules are there, where some have yet to come.
   */
  static async boot(options) {
    const { pyodide, module, stdlib, mount, prelude, modules, course, snapshot, host } = options;
    const [{ loadPyodide }, { default: create }] = await Python.fetch(pyodide);
    const self = new Python();
    self.host = host;
    // Before the memory, which may refer to it.
    globalThis.host = {
      ask: (secret) => host.ask(secret),
      sleep: (milliseconds) => host.sleep(milliseconds),
      read: (most) => self.read(most),
      complete: () => host.complete?.(),
      schedule: (callback, milliseconds) => self.schedule(callback, milliseconds),
      set_alarm: (signal, milliseconds) => {
        self.alarm = signal && { signal, at: performance.now() + milliseconds };
      },
      begin_wait: () => (self.waits = true),
      end_wait: () => {
        self.waits = false;
        return host.signal();
      },
    };
    const restore = interceptLoader(module, stdlib);
    try {
      self.py = await loadPyodide({
        lockFileContents: LOCK,
        stdLibURL: STDLIB,
        env: {
          HOME: "/root",
          LANG: "C.UTF-8",
          PYTHONPATH: "/lib/python3.14",
          // A place of its own, so that folders look as they do on a disk.
          PYTHONPYCACHEPREFIX: "/bytecode",
        },
        fsInit: async (FS) => mount(FS),
        _makeSnapshot: true,
        _loadSnapshot: snapshot,
        createPyodideModule: async (settings) => {
          settings.onExit = (code) => self.die(code);
          const made = await create(settings);
          if (snapshot) {
            const size = snapshot.length - memoryStart(snapshot);
            if (made.HEAPU8.length < size) made.growMemory(size);
          }
          return made;
        },
      });
    } finally {
      restore();
    }
    self.prepare(prelude, snapshot ? null : modules, course);
    return self;
  }

  get FS() {
    // Not Pyodide's own name for it, which is gone when Python has died.
    return this.module.FS;
  }

  get canWait() {
    return this.module.jspiSupported;
  }

  prepare(prelude, modules, course) {
    this.module = this.py._module;
    this.py._api.on_fatal = ({ message }) => {
      const [, code] = /^Program terminated with exit\((\d+)\)/.exec(message) ?? [];
      if (code) this.die(Number(code));
      else this.die(ABORTED, /call stack|recursion/.test(message) ? TOO_DEEP : message);
    };
    if (modules) {
      this.py.runPython(
        "import sys, types; sys.modules['prelude'] = types.ModuleType('prelude')\n" +
          "prelude = vars(sys.modules['prelude'])",
      );
      const globals = this.py.globals.get("prelude");
      this.py.runPython(prelude, { globals, filename: "<prelude>" });
      globals.get("load")(this.py.toPy(modules));
      globals.get("install")(this.py.toPy(course));
      this.py.runPython(TIDY);
    }
    let buffered = new Uint8Array();
    this.read = (most) => {
      if (!buffered.length) buffered = this.process.stdin.readNow() ?? new Uint8Array();
      const piece = buffered.subarray(0, most);
      buffered = buffered.subarray(most);
      return piece;
    };
    this.forget = () => (buffered = new Uint8Array());
    // Asked every few dozen bytecodes; 0 means that no signal has come.
    const self = this;
    const { host } = this;
    let answered = 0;
    let skipped = 0;
    this.py.setInterruptBuffer({
      get 0() {
        if (self.waits || skipped-- > 0) return 0;
        const now = performance.now();
        skipped = now - answered < FAST ? SKIPPED : 0;
        answered = now;
        if (self.alarm && now > self.alarm.at) {
          const { signal } = self.alarm;
          self.alarm = undefined;
          return signal;
        }
        return host.signal();
      },
      set 0(_) {},
    });
    this.main = this.py.runPython("prelude['main']");
    this.copyMemory();
  }

  /** Have each process from now on begin with `modules` imported, too. None may be running. */
  preload(modules) {
    this.py.runPython(`prelude["load"](${JSON.stringify(modules)})\n${TIDY}`);
    this.copyMemory();
  }

  /** Return this memory for `boot({ snapshot })`. None may be running. */
  snapshot() {
    // It must be empty, as it is when a memory is taken up.
    const { loadedPackages } = this.py;
    for (const name of Object.keys(loadedPackages)) delete loadedPackages[name];
    const whole = this.py.makeMemorySnapshot({
      serializer: (value) => {
        throw new Error(`a ${typeof value} of JavaScript's is in the memory`);
      },
    });
    // Behind the copy it is all zeros.
    return whole.slice(0, memoryStart(whole) + this.copy.length);
  }

  copyMemory() {
    const { module } = this;
    // What Python forgets in a process is not forgotten in the copy.
    module.finalizationRegistry = { register() {}, unregister() {} };
    this.open = new Set(module.FS.streams.filter(Boolean).map((stream) => stream.fd));
    // Behind that it is all zeros.
    this.copy = module.HEAPU8.slice(0, usedSize(module.HEAPU8));
    this.references = [];
    for (let index = 0; ; index++) {
      try {
        this.references.push(module.__hiwire_get(index));
      } catch {
        break;
      }
    }
  }

  putMemoryBack() {
    const { module } = this;
    for (const stream of module.FS.streams) {
      if (!stream || this.open.has(stream.fd)) continue;
      try {
        module.FS.close(stream);
      } catch {
        module.FS.streams[stream.fd] = null;
      }
    }
    module.HEAPU8.set(this.copy);
    module.HEAPU8.fill(0, this.copy.length);
    for (let index = 0; ; index++) {
      const reference = this.references[index] ?? null;
      let current;
      try {
        current = module.__hiwire_get(index);
      } catch {
        // The slot is free. Behind the copy's references it stays so.
        if (index >= this.references.length) break;
      }
      if (current !== reference) module.__hiwire_set(index, reference);
    }
  }

  /**
   * Run one process, and return its exit code.
   *
   * `argv` is what follows `python`. Outputs are `{ terminal, write(bytes) }`; a `write` that
   * throws an error with `closed` set is a closed pipe for Python. The input is
   * `{ terminal, readNow() }`; null is its end.
   */
  async run({ argv, cwd, env, columns, rows, stdin, stdout, stderr }) {
    const { py, module } = this;
    this.process = { stdin };
    this.waits = false;
    this.alarm = undefined;
    this.forget();
    py.setStdout({ write: writer(module, stdout), isatty: stdout.terminal });
    py.setStderr({ write: writer(module, stderr), isatty: stderr.terminal });
    for (const stream of module.FS.streams) {
      if (stream?.tty)
        stream.tty.ops = { ...stream.tty.ops, ioctl_tiocgwinsz: () => [rows, columns] };
    }
    const text = JSON.stringify({ argv, cwd, env, terminal: stdin.terminal });
    let code;
    try {
      code = this.canWait ? await this.main.callPromising(text) : this.main(text);
    } catch (error) {
      // Whatever it is, the next process must not begin in this one's memory.
      code = 1;
      if (!this.dead) stderr.write(new TextEncoder().encode(`${error.message}\n`));
    }
    if (this.dead) return code;
    // What the process has scheduled for now is done while its memory is there.
    for (let turn = 0; turn < 2; turn++) {
      await new Promise((done) => py._api.scheduleCallback(done, 0));
    }
    this.processes++;
    this.putMemoryBack();
    return code;
  }

  processes = 0;

  /** Call `callback` later, unless the process that asks for it has ended by then. */
  schedule(callback, milliseconds) {
    const asking = this.processes;
    this.py._api.scheduleCallback(() => {
      if (asking === this.processes) callback();
    }, milliseconds);
  }

  /** What processes could leave behind: bytes of memory, open files, JavaScript's objects. */
  get usage() {
    const { FS, HEAPU8 } = this.module;
    let objects = 0;
    try {
      for (let index = 0; ; index++) objects += this.module.__hiwire_get(index) !== null;
    } catch {
      // Behind the last one.
    }
    return { memory: HEAPU8.length, files: FS.streams.filter(Boolean).length, objects };
  }

  /** Tell whether a new Python would be faster than going on with this one. */
  get isBloated() {
    return this.module.HEAPU8.length > LARGE;
  }

  /** Run the prelude's function `name` as a process; return what it writes as JSON. */
  async output(name, { cwd, env, argument = "" }) {
    let text = "";
    const decoder = new TextDecoder();
    await this.run({
      argv: ["-c", `import prelude; prelude.${name}(${argument})`],
      cwd,
      env,
      columns: 80,
      rows: 24,
      stdin: { terminal: false, readNow: () => null },
      stdout: { terminal: false, write: (bytes) => (text += decoder.decode(bytes)) },
      stderr: { terminal: false, write() {} },
    });
    return JSON.parse(text);
  }

  die(code, reason) {
    if (this.dead) return;
    this.dead = true;
    this.host.ended(code, reason);
  }
}

// Return where in a snapshot the memory begins: its header holds it.
function memoryStart(snapshot) {
  return new Uint32Array(snapshot.buffer, snapshot.byteOffset, 2)[1];
}

// Return how long `memory` is without the zeros at its end, in whole pages of WebAssembly.
function usedSize(memory) {
  const numbers = new Uint32Array(memory.buffer, memory.byteOffset, memory.length / 4);
  let size = numbers.length;
  while (size && !numbers[size - 1]) size--;
  return Math.ceil((size * 4) / PAGE) * PAGE;
}

// Have Pyodide's own loader find what was fetched already; return how to undo that.
function interceptLoader(module, stdlib) {
  const { fetch } = globalThis;
  const { instantiateStreaming } = WebAssembly;
  globalThis.fetch = async (address, ...options) => {
    if (String(address) === STDLIB) return new Response((await stdlib) ?? EMPTY_ZIP);
    if (module && String(address).endsWith("pyodide.asm.wasm")) return new Response();
    return fetch(address, ...options);
  };
  if (module) {
    WebAssembly.instantiateStreaming = async (_, imports) => {
      const compiled = await module;
      return { module: compiled, instance: await WebAssembly.instantiate(compiled, imports) };
    };
  }
  return () => {
    globalThis.fetch = fetch;
    WebAssembly.instantiateStreaming = instantiateStreaming;
  };
}

function writer(module, output) {
  return (bytes) => {
    try {
      output.write(bytes.slice());
    } catch (error) {
      const number = error.closed ? EPIPE : error.errno;
      throw number ? new module.FS.ErrnoError(number) : error;
    }
    return bytes.length;
  };
}

/** Write the files of a pack below `folder`, perhaps over others; they share its memory. */
export function mount(FS, folder, files) {
  const folders = new Map();
  const find = (path) => {
    if (!FS.analyzePath(path).exists) FS.mkdirTree(path);
    const { object } = FS.analyzePath(path);
    folders.set(path, object);
    return object;
  };
  for (const [path, bytes] of files) {
    const full = `${folder}/${path}`;
    const end = full.lastIndexOf("/");
    const parentPath = full.slice(0, end) || "/";
    const parent = folders.get(parentPath) ?? find(parentPath);
    const name = full.slice(end + 1);
    // FS.mknod() would look for each folder on the way.
    const node = parent.contents[name] ?? parent.node_ops.mknod(parent, name, 0o100644, 0);
    node.contents = bytes;
    node.usedBytes = bytes.length;
    node.atime = node.mtime = node.ctime = 0;
  }
}

/**
 * Yield `[path, { bytes, modified, mark }]` for each file below `folder`, its path from there. The mark
 * differs where the file has changed. Links are left out; permissions do not matter.
 */
export function filesBelow(FS, folder) {
  const { exists, object } = FS.analyzePath(folder);
  return exists ? below(FS, object, "") : [];
}

function* below(FS, parent, prefix) {
  for (const [name, node] of Object.entries(parent.contents)) {
    if (FS.isDir(node.mode)) yield* below(FS, node, `${prefix}${name}/`);
    if (!FS.isFile(node.mode)) continue;
    const bytes = node.contents.subarray(0, node.usedBytes);
    const modified = Number(node.mtime);
    yield [prefix + name, { bytes, modified, mark: `${bytes.length} ${modified} ${node.id}` }];
  }
}
