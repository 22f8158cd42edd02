// The commands of a pipeline, run side by side in one thread.
//
// A builtin of the shell is a generator. It stops where a process would wait: `yield` alone lets the
// others go on, `yield { until }` waits for a condition, `yield promise` for a promise. So builtins
// can be driven from where nothing may be awaited: Python's write() feeds the builtins on its right,
// and Python's read draws from those on its left.

import { decode, encode, join } from "./bytes.mjs";
import { FileError, IS_FOLDER, resolve } from "./files.mjs";

const FULL = 65536; // bytes; a builtin that writes more waits for its reader, as in Linux
const LIMIT = 2 ** 28; // bytes that a Python on the left of another may leave in between
const TURN = 15; // milliseconds, after which Ctrl-C gets its chance
const INTERRUPTED = 130;
const READER_GONE = 141;
const TIMED_OUT = 124;
const TERMINATED = 143;

export class Closed extends Error {
  constructor() {
    super("Broken pipe");
    this.closed = true;
  }
}

/** A builtin's complaint: said on stderr, and its end. */
export class Failure extends Error {
  constructor(message, code = 1) {
    super(message);
    this.code = code;
  }
}

// --- What builtins read from and write to. The worker's own streams need no more than read() and
// write(); those made here add take() and put(), which wait as generators do. ---

export function* take(input) {
  if (input.take) return yield* input.take();
  if (input.readNow && !input.terminal) return input.readNow();
  return yield input.read();
}

export function* put(output, data) {
  const bytes = typeof data === "string" ? encode(data) : data;
  if (!bytes.length) return;
  if (output.put) return yield* output.put(bytes);
  output.write(bytes);
  yield;
}

export const nothing = {
  terminal: false,
  *take() {
    return null;
  },
  read: async () => null,
  readNow: () => null,
  write() {},
};

export class FileInput {
  terminal = false;
  #files;
  #path;
  #read = false;

  constructor(files, cwd, path) {
    if (files.stat(cwd, path).isFolder) throw new FileError(IS_FOLDER);
    this.#files = files;
    this.#path = resolve(cwd, path);
  }

  *take() {
    return this.readNow();
  }

  async read() {
    return this.readNow();
  }

  readNow() {
    if (this.#read) return null;
    this.#read = true;
    const bytes = this.#files.read("/", this.#path);
    return bytes.length ? bytes : null;
  }

  get size() {
    return this.#files.stat("/", this.#path).size;
  }
}

export class FileOutput {
  terminal = false;

  constructor(files, path) {
    this.files = files;
    this.path = path;
  }

  write(bytes) {
    this.files.append(this.path, bytes);
  }
}

/** Keeps what is written: for $(…). */
export class Capture {
  terminal = false;
  pieces = [];

  write(bytes) {
    this.pieces.push(bytes.slice());
  }

  get text() {
    return decode(join(this.pieces));
  }
}

/**
 * Between two commands. `ended`: the left one writes no more. `closed`: the right one has gone.
 */
export class Pipe {
  pieces = [];
  size = 0;
  ended = false;
  closed = false;

  push(bytes) {
    this.pieces.push(bytes);
    this.size += bytes.length;
  }

  shift() {
    const bytes = this.pieces.shift() ?? null;
    this.size -= bytes?.length ?? 0;
    return bytes;
  }

  close() {
    this.closed = true;
    this.pieces = [];
    this.size = 0;
  }
}

class PipeInput {
  terminal = false;

  constructor(pipeline, pipe) {
    this.pipeline = pipeline;
    this.pipe = pipe;
  }

  *take() {
    const { pipe } = this;
    if (!pipe.size && !pipe.ended) yield { until: () => pipe.size || pipe.ended };
    return pipe.shift();
  }

  readNow() {
    this.pipeline.draw(this.pipe);
    return this.pipe.shift();
  }

  // For a Python that can wait (with JSPI): the left may want the keyboard or the clock first.
  async read() {
    for (;;) {
      const bytes = this.readNow();
      if (bytes || this.pipe.ended || this.pipeline.stopping) return bytes;
      await this.pipeline.news();
    }
  }
}

class PipeOutput {
  terminal = false;

  constructor(pipeline, pipe) {
    this.pipeline = pipeline;
    this.pipe = pipe;
  }

  *put(bytes) {
    const { pipe } = this;
    if (pipe.size >= FULL && !pipe.closed) yield { until: () => pipe.size < FULL || pipe.closed };
    if (pipe.closed) throw new Closed();
    pipe.push(bytes);
    yield;
  }

  // Python writes: it cannot wait, so what stands on the right works at once. The bytes are
  // copied, for they lie in Python's memory.
  write(bytes) {
    if (this.pipe.closed) throw new Closed();
    if (this.pipe.size > LIMIT) {
      this.pipe.close();
      this.pipeline.complain(`shell: more than ${LIMIT >> 20} MB wait in a pipe`);
      throw new Closed();
    }
    this.pipe.push(bytes.slice());
    this.pipeline.feed(this.pipe);
  }
}

// --- The pipeline ---

/**
 * A stage is { name, builtin: a generator } or { name, python: argv }, with `stdin`, `stdout`,
 * `stderr`, and for Python `env`, `cwd`. `timeout`: { seconds, signal }.
 */
export class Pipeline {
  #waiting = [];
  stopping = false;
  #timers = new AbortController();

  /** host: { spawn, sleep(ms, abortSignal), now(), interrupted(), complain(text) } */
  constructor(length, host) {
    this.host = host;
    this.pipes = Array.from({ length: length - 1 }, () => new Pipe());
    this.stages = [];
  }

  /** For its builtins: a wait that is over when the pipeline is. */
  sleep(ms) {
    return this.host.sleep(ms, this.#timers.signal);
  }

  input(index) {
    return index ? new PipeInput(this, this.pipes[index - 1]) : null;
  }

  output(index) {
    return index < this.pipes.length ? new PipeOutput(this, this.pipes[index]) : null;
  }

  complain(text) {
    this.host.complain(text);
  }

  /** Run the stages to their end; return the exit code of the last. */
  async run(stages) {
    this.stages = stages.map((stage, index) => ({
      ...stage,
      left: this.pipes[index - 1],
      right: this.pipes[index],
      ready: () => true,
      waits: false,
      done: false,
      code: 0,
      sent: undefined,
    }));
    this.#letGoOfUnusedPipes();
    for (const stage of this.stages) if (stage.builtin && stage.timeout) this.#watch(stage);
    try {
      while (await this.#turn());
    } finally {
      this.#timers.abort();
    }
    return this.stages.at(-1).code;
  }

  /** Ctrl-C. Python, where it runs, gets a signal of its own, and ends by itself. */
  stop() {
    this.stopping = true;
    this.#wake();
  }

  /** Resolves when a promise that somebody waits for has settled. */
  news() {
    return new Promise((heard) => this.#waiting.push(heard));
  }

  #wake() {
    for (const heard of this.#waiting.splice(0)) heard();
  }

  // A command whose stdin or stdout is redirected holds no end of the pipe.
  #letGoOfUnusedPipes() {
    for (const { stdin, stdout, stderr, left, right } of this.stages) {
      if (left && stdin.pipe !== left) left.close();
      if (right && stdout.pipe !== right && stderr.pipe !== right) right.ended = true;
    }
  }

  #watch(stage) {
    this.sleep(stage.timeout.seconds * 1000).then(() => {
      this.finish(stage, this.stopping ? INTERRUPTED : TIMED_OUT);
      this.#wake();
    });
  }

  // Work until nothing goes on by itself; return whether something is left to do.
  async #turn() {
    const end = this.host.now() + TURN;
    while (!this.stopping && this.host.now() < end && this.#stepAll(this.stages));
    if (this.stopping) this.#cancel();
    if (this.stages.every(({ done }) => done)) return false;
    const python = this.#nextPython();
    if (python) this.#start(python);
    else if (this.stages.some(isReady)) await this.host.sleep(0);
    else await this.news();
    return true;
  }

  #cancel() {
    for (const stage of this.stages) if (!stage.running) this.finish(stage, INTERRUPTED);
  }

  // Each of these that can goes one step on; return whether one could.
  #stepAll(stages) {
    const ready = stages.filter(isReady);
    for (const stage of ready) if (isReady(stage)) this.#step(stage);
    return ready.length > 0;
  }

  #step(stage) {
    const { sent } = stage;
    stage.sent = undefined;
    stage.ready = () => true;
    try {
      const { done, value } = sent?.error
        ? stage.builtin.throw(sent.error)
        : stage.builtin.next(sent?.value);
      if (done) this.finish(stage, value ?? 0);
      else if (typeof value?.then === "function") this.#await(stage, value);
      else if (value) stage.ready = value.until;
    } catch (error) {
      this.finish(stage, this.#codeOf(error, stage));
    }
  }

  #await(stage, promise) {
    stage.waits = true;
    stage.ready = () => false;
    const settle = (sent) => {
      stage.waits = false;
      stage.sent = sent;
      stage.ready = () => true;
      this.#wake();
    };
    promise.then(
      (value) => settle({ value }),
      (error) => settle({ error }),
    );
  }

  #codeOf(error, { name, stderr }) {
    if (error?.closed) return READER_GONE;
    const isExpected = error instanceof Failure || error instanceof FileError;
    const what = isExpected ? "" : "this should not have happened: ";
    const help = error?.isUsage ? `Try '${name} --help' for more information.\n` : "";
    const bytes = encode(`${name}: ${what}${error?.message ?? error}\n${help}`);
    try {
      if (stderr.pipe) stderr.pipe.push(bytes);
      else stderr.write(bytes);
    } catch {
      // Nobody is left to hear it.
    }
    return isExpected ? (error.code ?? 1) : 1;
  }

  finish(stage, code) {
    if (stage.done) return;
    stage.done = true;
    stage.code = code;
    stage.left?.close();
    if (stage.right) stage.right.ended = true;
  }

  // --- Python: one at a time, from the left. ---

  // It can start when all on its left have done what they can without it.
  #nextPython() {
    const index = this.stages.findIndex(({ python, done }) => python && !done);
    const stage = this.stages[index];
    if (!stage || stage.running) return null;
    const left = this.stages.slice(0, index);
    return left.some((one) => isReady(one) || one.waits) ? null : stage;
  }

  #start(stage) {
    const { python, stdin, stdout, stderr, env, cwd, timeout } = stage;
    const signal = timeout && {
      number: timeout.signal,
      seconds: timeout.seconds,
      sent: false,
    };
    stage.running = true;
    const end = (code) => {
      stage.running = false;
      const late = signal?.sent || (signal && code === TERMINATED);
      this.finish(stage, late ? TIMED_OUT : code);
      this.#wake();
    };
    // In a promise, so that what spawn() throws is one of its ways to fail.
    Promise.resolve()
      .then(() => this.host.spawn(python, { stdin, stdout, stderr, env, cwd, signal }))
      .then(end, (error) => end(this.#codeOf(error, stage)));
  }

  /** Python wrote to this pipe: let those on its right work. */
  feed(pipe) {
    const right = this.stages.slice(this.pipes.indexOf(pipe) + 1);
    const begin = this.host.now();
    while (this.#stepAll(right)) {
      const past = this.host.now() - begin;
      // One that never reads, such as `yes`, must not hold Python up.
      if (past > TURN && (pipe.size < FULL || past > 10 * TURN)) return;
    }
  }

  /** Python wants to read from this pipe: let those on its left work until there is something. */
  draw(pipe) {
    const left = this.stages.slice(0, this.pipes.indexOf(pipe) + 1);
    while (!pipe.size && !pipe.ended && !this.stopping && !this.host.interrupted()) {
      if (!this.#stepAll(left)) return;
    }
  }
}

const isReady = ({ builtin, done, ready }) => Boolean(builtin && !done && ready());
