// A small shell: it runs one line, in the language of syntax.mjs, with what builtins.mjs has.
//
//   const shell = new Shell({ FS, spawn, home: "/home", env })
//   await shell.run(line, { stdin, stdout, stderr, columns, rows })  -> exit code
//   shell.interrupt()                                                 Ctrl-C
//   shell.cwd, shell.code, shell.env                                  what the last line left

import { lookUp } from "./builtins.mjs";
import { encode } from "./bytes.mjs";
import { expand, expandToOne } from "./expand.mjs";
import { FileError, Files, resolve } from "./files.mjs";
import { Capture, FileInput, FileOutput, nothing, Pipeline, put } from "./pipeline.mjs";
import { LineError, parse, plain, toAssignment } from "./syntax.mjs";

const WRONG_LINE = 2;
const INTERRUPTED = 130;

export class Shell {
  #host;
  #diff;
  #files;
  #stopping = false;
  #running = new Set();

  /**
   * spawn(argv, { stdin, stdout, stderr, env, cwd, signal }) runs Python.
   * sleep(ms, abortSignal) -> promise; now() -> ms.
   * interrupted() -> whether Ctrl-C has been pressed, asked while nothing can be awaited.
   * diff() -> a promise of the package `diff`.
   * writable: the folders in which the builtins may change something.
   */
  constructor({
    FS,
    spawn,
    home,
    env = {},
    sleep = wait,
    now = () => performance.now(),
    interrupted = () => false,
    diff,
    writable = [home, "/tmp"],
  }) {
    this.home = home;
    this.#host = { spawn, sleep, now, interrupted };
    this.#diff = diff;
    this.#files = new Files(FS, writable);
    // `vars` are the variables that are not exported.
    this.state = { cwd: home, env: { HOME: home, PWD: home, ...env }, vars: {}, code: 0 };
  }

  get cwd() {
    return this.state.cwd;
  }

  get code() {
    return this.state.code;
  }

  get env() {
    return this.state.env;
  }

  get files() {
    return this.#files;
  }

  /** Start again, as a new terminal does. */
  reset() {
    const { OLDPWD, ...env } = this.state.env;
    this.state = { cwd: this.home, env: { ...env, PWD: this.home }, vars: {}, code: 0 };
  }

  async run(line, { stdin, stdout, stderr, columns = 80, rows = 24 }) {
    this.#stopping = false;
    const scope = { state: this.state, stdin, stdout, stderr, columns, rows };
    try {
      this.#comeBack(stderr);
      await this.#runList(parse(line), scope);
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      this.state.code = WRONG_LINE;
      complain(stderr, `shell: ${error.message}`);
    }
    this.state.leaving = false;
    return this.state.code;
  }

  /** Ctrl-C. A running Python gets its signal from whoever started it. */
  interrupt() {
    this.#stopping = true;
    for (const pipeline of this.#running) pipeline.stop();
  }

  // The folder that the shell stands in can be removed or put back.
  #comeBack(stderr) {
    const { state } = this;
    if (this.#files.isFolder("/", state.cwd)) return;
    complain(stderr, `shell: ${state.cwd} is gone; you are in ${this.home} again`);
    state.env.PWD = state.cwd = this.home;
  }

  async #runList(list, scope) {
    const { state } = scope;
    for (const { operator, pipeline } of list) {
      if (operator === "&&" && state.code) continue;
      if (operator === "||" && !state.code) continue;
      const code = this.#stopping ? INTERRUPTED : await this.#runPipeline(pipeline, scope);
      const isOver = code === INTERRUPTED || state.leaving;
      state.code = pipeline.negated && !isOver ? Number(code === 0) : code;
      if (isOver) return;
    }
  }

  async #runPipeline({ commands, timed }, scope) {
    const begin = this.#host.now();
    const host = { ...this.#host, complain: (text) => complain(scope.stderr, text) };
    const pipeline = new Pipeline(commands.length, host);
    const stages = [];
    for (const [index, command] of commands.entries()) {
      // As in bash, what a command in a pipeline changes is gone at its end.
      const state = commands.length > 1 ? copyOf(scope.state) : scope.state;
      const streams = [
        pipeline.input(index) ?? scope.stdin,
        pipeline.output(index) ?? scope.stdout,
        scope.stderr,
      ];
      stages.push(await this.#prepare(command, streams, { ...scope, state, pipeline }));
    }
    if (this.#stopping) return INTERRUPTED;
    this.#running.add(pipeline);
    const code = await pipeline.run(stages).finally(() => this.#running.delete(pipeline));
    if (timed) {
      const seconds = (this.#host.now() - begin) / 1000;
      const minutes = Math.floor(seconds / 60);
      complain(scope.stderr, `\nreal\t${minutes}m${(seconds - 60 * minutes).toFixed(3)}s`);
    }
    return code;
  }

  // Expand a command and open its files; return a stage of the pipeline.
  async #prepare(command, streams, scope) {
    const { state } = scope;
    const context = this.#context(scope);
    const argv = [];
    const isExport = plain(command.words[0]) === "export";
    for (const word of command.words) {
      // `export NAME=$VALUE` takes the value as one word, like NAME=$VALUE.
      if (isExport && toAssignment(word)) argv.push(await expandToOne(word, context));
      else argv.push(...(await expand(word, context)));
    }
    const problem = await this.#redirect(command.redirections, streams, state, context);
    const assigned = {};
    for (const { name, value } of command.assignments) {
      assigned[name] = await expandToOne(value, context);
    }
    const [stdin, stdout, stderr] = streams;
    const stage = { name: argv[0] ?? "shell", stdin, stdout, stderr, cwd: state.cwd };
    if (problem) return { ...stage, builtin: refuse(stderr, `${problem}\n`, 1) };
    if (!argv.length) return { ...stage, builtin: assign(state, assigned, context.lastCode) };
    const env = { ...state.env, ...assigned };
    const found = lookUp(argv, { env, files: this.#files, cwd: state.cwd });
    if (found.problem) return { ...stage, builtin: refuse(stderr, found.problem, found.code) };
    Object.assign(stage, { name: found.name, env: found.env, timeout: found.timeout });
    if (found.python) return { ...stage, python: found.python };
    return { ...stage, builtin: found.run(this.#io(stage, scope), found.args) };
  }

  // What a builtin gets to work with.
  #io(stage, { state, columns, pipeline }) {
    const { name, stdin, stdout, stderr, env } = stage;
    const files = this.#files;
    return {
      name,
      stdin,
      stdout,
      stderr,
      state,
      env,
      files,
      columns,
      home: this.home,
      cwd: state.cwd,
      sleep: (ms) => pipeline.sleep(ms),
      diff: this.#diff,
      out: (data) => put(stdout, data),
      err: (text) => put(stderr, `${name}: ${text}\n`),
      open: (path) => this.#open(path, stdin, state.cwd),
    };
  }

  #open(path, stdin, cwd) {
    if (path === "-" || path === "/dev/stdin") return stdin;
    if (path === "/dev/null") return nothing;
    return new FileInput(this.#files, cwd, path);
  }

  #context(scope) {
    const { state } = scope;
    const context = {
      files: this.#files,
      cwd: state.cwd,
      home: state.env.HOME ?? this.home,
      lastCode: 0, // of the last $(…), for an assignment
      value: (name) =>
        name === "?" ? String(state.code) : (state.vars[name] ?? state.env[name] ?? ""),
      output: async (list) => {
        const stdout = new Capture();
        const inner = { ...scope, state: copyOf(state), stdout };
        await this.#runList(list, inner);
        context.lastCode = inner.state.code;
        return stdout.text.replaceAll("\0", "");
      },
    };
    return context;
  }

  // Change the three streams, from left to right; return what went wrong.
  async #redirect(redirections, streams, state, context) {
    for (const { fd, kind, target, from } of redirections) {
      if (kind === "copy") {
        streams[fd] = streams[from];
        continue;
      }
      const names = await expand(target, context);
      if (names.length !== 1) return "shell: a file name is needed: ambiguous redirect";
      try {
        const stream = this.#stream(names[0], kind, streams, state.cwd);
        if (fd === "both") streams[1] = streams[2] = stream;
        else streams[fd] = stream;
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        return `${names[0]}: ${error.message}`;
      }
    }
    return null;
  }

  #stream(name, kind, streams, cwd) {
    if (kind === "read") return this.#open(name === "-" ? "./-" : name, streams[0], cwd);
    const path = resolve(cwd, name);
    if (path === "/dev/null") return nothing;
    if (path === "/dev/stdout") return streams[1];
    if (path === "/dev/stderr") return streams[2];
    return new FileOutput(this.#files, this.#files.open(cwd, name, { append: kind === "append" }));
  }
}

function wait(ms, abortSignal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    abortSignal?.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function complain(stderr, text) {
  stderr.write(encode(`${text}\n`));
}

function copyOf(state) {
  return { ...state, env: { ...state.env }, vars: { ...state.vars } };
}

function* refuse(stderr, text, code) {
  yield* put(stderr, text);
  return code;
}

// NAME=value without a command.
function* assign(state, assigned, code) {
  for (const [name, value] of Object.entries(assigned)) {
    if (name in state.env) state.env[name] = value;
    else state.vars[name] = value;
  }
  return code;
}
