import assert from "node:assert/strict";
import { test } from "node:test";
import { isUnfinished } from "../shell/syntax.mjs";
import { keyboard, MemoryFS, makeShell, Output, run } from "./memory.mjs";

const FILES = { "manage.py": "", "users.csv": "id\n1\n2\n", "chapters/05/a.py": "" };
const bytesOf = (size, byte = 120) => new Uint8Array(size).fill(byte);

// --- Lines that are not understood ---

const refused = [
  ["sleep 5 &", /& is not known/],
  ["if true; then echo; fi", /if is not known/],
  ["for a in b; do echo; done", /for is not known/],
  ["while true; do echo; done", /while is not known/],
  ["f() { echo; }", /\( is not known/],
  ["(echo a)", /\( is not known/],
  ["{ echo a; }", /\{ is not known/],
  ["[[ a ]]", /\[\[ is not known/],
  ["cat << END", /<< is not known/],
  ["cat <<< text", /<<< is not known/],
  ["cat <(ls)", /<\( is not known/],
  ["echo `ls`", /` is not known/],
  ['echo "`ls`"', /` is not known/],
  ["echo $((1 + 2))", /\$\(\(…\)\) is not known/],
  [`echo \${A:-b}`, /\$\{A:-b\} is not known/],
  ["echo $1", /\$1 is not known/],
  ["echo $$", /\$\$ is not known/],
  ["echo {a,b}", /\{a,b\} is not known/],
  ["echo {1..3}", /\{a,b\} is not known/],
  ["ls |& cat", /\|& is not known/],
  ["ls 3> x", /3> is not known/],
  ["ls <&1", /<& is not known/],
  ["ls 2>&-", /2>& is known here with 1 and 2 alone/],
  ["A+=b", /A\+= is not known/],
  ["echo 'a", /a quote is not closed: '/],
  ['echo "a', /a quote is not closed: "/],
  ["echo $'a", /a quote is not closed: \$'/],
  ["echo $(ls", /a \$\( is not closed/],
  ["echo a)", /a \) without its \(/],
  ["echo a |", /missing after \|/],
  ["| cat", /missing before \|/],
  ["; echo", /missing before ;/],
  ["echo a ;; echo b", /;; is not known/],
  ["echo a && && echo b", /missing before &&/],
  ["echo a || | b", /missing before \|/],
  ["echo a > ", /a file name is missing after >/],
  ["echo a >; ls", /a file name is missing after >/],
  ["&& ls", /missing before &&/],
];

for (const [line, message] of refused) {
  test(`this is refused in one line, and nothing of it runs: ${line}`, async () => {
    const shell = makeShell({ files: FILES });
    const { code, out, err } = await run(shell, `echo first; ${line}`);
    // The line's own beginning is wrong only where nothing stands before it.
    const alone = await run(shell, line);
    assert.deepEqual([alone.code, alone.out], [2, ""]);
    assert.match(alone.err, message);
    assert.match(alone.err, /^shell: [^\n]*\n$/);
    assert.deepEqual([code, out], [2, ""], err);
  });
}

test("a line goes on while a quote is open or something is missing at its end", () => {
  for (const line of [
    "echo 'a",
    'echo "',
    "echo a |",
    "echo a &&",
    "echo a ||",
    "echo a \\",
    "echo $(ls",
    "echo $'a",
    "echo a \\\n",
    "\\",
  ]) {
    assert.equal(isUnfinished(line), true, line);
  }
  for (const line of [
    "",
    "echo a",
    "echo 'a'",
    "echo a; ",
    "echo a # 'b",
    "echo a # \\",
    "echo a \\\nb",
    "echo 'a\\'",
    "| a",
    "sleep 1 &",
    "echo a\\\\",
  ]) {
    assert.equal(isUnfinished(line), false, line);
  }
});

// --- Empty lines, codes ---

test("an empty line does nothing and keeps the exit code", async () => {
  const shell = makeShell();
  await run(shell, "false");
  for (const line of ["", "   ", "# a comment", "\n\n", "\\\n"]) {
    assert.deepEqual(await run(shell, line), { code: 1, out: "", err: "", all: "" });
  }
});

test("$? is the last line's code", async () => {
  const shell = makeShell({ files: FILES, python: () => 3 });
  assert.equal((await run(shell, "python manage.py x")).code, 3);
  assert.equal(shell.code, 3);
  assert.equal((await run(shell, "echo $?")).out, "3\n");
  assert.equal((await run(shell, "echo $?")).out, "0\n");
});

test("an unknown command is not found", async () => {
  const { code, err } = await run(makeShell(), "foo bar");
  assert.deepEqual([code, err], [127, "foo: command not found\n"]);
});

test("names of JavaScript's own are not found", async () => {
  for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
    const { code, err } = await run(makeShell(), name);
    assert.deepEqual([code, err], [127, `${name}: command not found\n`]);
    assert.equal((await run(makeShell(), `which ${name}`)).code, 1);
  }
});

const ELSEWHERE = "pip git sqlite3 docker psql bash sudo nano vim source pip3 less npm curl";

for (const name of ELSEWHERE.split(" ")) {
  test(`${name} is not found, and a second line says what there is instead`, async () => {
    const { code, err } = await run(makeShell(), `${name} x`);
    assert.equal(code, 127);
    assert.match(err, new RegExp(`^${name}: command not found\n[A-Z][^\n]*\\.\n$`));
  });
}

for (const line of [
  "python3 -m venv .venv",
  "python -m pip install x",
  "python3 start.py",
  "python3 start.py test chapters/01",
  "./start.py",
  "python -m mkdocs serve",
]) {
  test(`the browser has no such thing, and the page Set up is named: ${line}`, async () => {
    const started = [];
    const shell = makeShell({
      files: { "start.py": "" },
      python: (argv) => started.push(argv),
    });
    const { code, err } = await run(shell, line);
    assert.equal(code, 127);
    assert.match(err, /: not in the browser\n.*"Set up"/);
    assert.deepEqual(started, []);
  });
}

test("the README's line about venv stops at its first command", async () => {
  const { code, err } = await run(
    makeShell(),
    "python3 -m venv .venv && source .venv/bin/activate",
  );
  assert.equal(code, 127);
  assert.doesNotMatch(err, /source/);
});

// --- Python ---

async function started(line, more = {}) {
  const calls = [];
  const python = (argv, { env, cwd }) => {
    calls.push({ argv, env, cwd });
    return 0;
  };
  const shell = makeShell({ files: FILES, python, ...more });
  const result = await run(shell, line);
  return { ...result, calls, argv: calls.map((call) => call.argv) };
}

test("python gets its words, one each", async () => {
  const { argv } = await started(`python manage.py greet $'Ada!\\nAll checks passed' 1 "" 'a b'`);
  assert.deepEqual(argv, [
    ["python", "manage.py", "greet", "Ada!\nAll checks passed", "1", "", "a b"],
  ]);
});

test("./manage.py is Python, python3, pytest and django-admin are themselves", async () => {
  const { argv } = await started(
    "./manage.py x; python3 -c 1; pytest chapters/05; django-admin help",
  );
  assert.deepEqual(argv, [
    ["python", "./manage.py", "x"],
    ["python3", "-c", "1"],
    ["pytest", "chapters/05"],
    ["django-admin", "help"],
  ]);
});

test("a line that is continued is one command", async () => {
  const { argv } = await started('python manage.py meanwhile "a b" \\\n"c d"');
  assert.deepEqual(argv, [["python", "manage.py", "meanwhile", "a b", "c d"]]);
});

test("NAME=value is Python's, for one run", async () => {
  const { calls } = await started("DATABASE_URL=sqlite:////nowhere python x; python y");
  assert.equal(calls[0].env.DATABASE_URL, "sqlite:////nowhere");
  assert.equal("DATABASE_URL" in calls[1].env, false);
});

test("exported variables are Python's, others are not", async () => {
  const { calls } = await started("export A=1; B=2; python x");
  assert.deepEqual([calls[0].env.A, calls[0].env.B], ["1", undefined]);
});

test("what is exported holds for the next line", async () => {
  const shell = makeShell();
  await run(shell, "export A=1");
  assert.equal(shell.env.A, "1");
  assert.equal((await run(shell, "echo $A")).out, "1\n");
});

test("env sets a variable for Python", async () => {
  const { calls, argv } = await started("env A=1 timeout 5 env B=2 python x --help");
  assert.deepEqual(argv, [["python", "x", "--help"]]);
  assert.deepEqual([calls[0].env.A, calls[0].env.B], ["1", "2"]);
});

test("Python runs where cd has gone, and the shell remembers it", async () => {
  const { calls } = await started("cd chapters/05; python x");
  assert.equal(calls[0].cwd, "/course/chapters/05");
});

test("on the terminal Python gets the terminal itself", async () => {
  const stdin = keyboard();
  let streams;
  const spawn = async (_argv, given) => {
    streams = given;
    return 0;
  };
  const shell = makeShell();
  const [stdout, stderr] = [new Output({ terminal: true }), new Output({ terminal: true })];
  const direct = new shell.constructor({ FS: new MemoryFS(), spawn });
  await direct.run("python x", { stdin, stdout, stderr });
  assert.equal(streams.stdin, stdin);
  assert.equal(streams.stdout, stdout);
  assert.equal(streams.stderr, stderr);
  await direct.run("python x 2>&1 | cat", { stdin, stdout, stderr });
  assert.equal(streams.stdin, stdin);
  assert.equal(streams.stdout, streams.stderr);
  assert.equal(streams.stdout.terminal, false);
});

test("what spawn() throws is said, and the shell lives on", async () => {
  const python = () => {
    throw new TypeError("broken");
  };
  const shell = makeShell({ python });
  const { code, err } = await run(shell, "python x");
  assert.equal(code, 1);
  assert.match(err, /python: .*broken/);
  assert.equal((await run(shell, "echo on")).out, "on\n");
});

// --- Redirections ---

const noisy = (_argv, { print, warn }) => {
  print("result\n");
  warn("progress\n");
  return 0;
};

test("2>&1 > /dev/null sends stderr into the pipe", async () => {
  const { out, err } = await run(
    makeShell({ python: noisy }),
    "python x 2>&1 > /dev/null | grep -n ''",
  );
  assert.deepEqual([out, err], ["1:progress\n", ""]);
});

test("> /dev/null 2>&1 sends both away", async () => {
  const { all } = await run(makeShell({ python: noisy }), "python x > /dev/null 2>&1");
  assert.equal(all, "");
});

test("2> /dev/null leaves stdout", async () => {
  const { out, err } = await run(makeShell({ python: noisy }), "python x 2> /dev/null");
  assert.deepEqual([out, err], ["result\n", ""]);
});

test("2>&1 keeps the order in the pipe", async () => {
  const python = (_argv, { print, warn }) => {
    for (const number of [1, 2, 3]) {
      print(`out ${number}\n`);
      warn(`err ${number}\n`);
    }
    return 0;
  };
  const { out } = await run(makeShell({ python }), "python x 2>&1 | cat");
  assert.equal(out, "out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n");
});

test("> empties a file before the command runs", async () => {
  const FS = new MemoryFS(FILES);
  const python = () => {
    assert.equal(FS.stat("/course/users.csv").size, 0);
    return 0;
  };
  assert.equal((await run(makeShell({ FS, python }), "python x > users.csv")).code, 0);
});

test("what is written into a file is there at once", async () => {
  const FS = new MemoryFS(FILES);
  const read = () => FS.readFile("/course/log", { encoding: "utf8" });
  const python = (_argv, { print }) => {
    print("one\n");
    assert.equal(read(), "one\n");
    print("two\n");
    return 0;
  };
  await run(makeShell({ FS, python }), "python x >> log");
  assert.equal(read(), "one\ntwo\n");
});

test("a redirection to a folder fails, and the command does not run", async () => {
  const { code, err, argv } = await started("python x > chapters");
  assert.deepEqual([code, err, argv], [1, "chapters: Is a directory\n", []]);
});

test("a redirection from a missing file fails", async () => {
  const { code, err, argv } = await started("python x < nope");
  assert.deepEqual([code, err, argv], [1, "nope: No such file or directory\n", []]);
});

test("a redirection into a missing folder fails", async () => {
  assert.deepEqual((await started("echo a > nope/x")).err, "nope/x: No such file or directory\n");
});

test("a redirection to two files is refused", async () => {
  const { code, err } = await run(makeShell({ files: { a: "", b: "" } }), "echo > *");
  assert.equal(code, 1);
  assert.match(err, /ambiguous redirect/);
});

test("Python's own files cannot be changed", async () => {
  const FS = new MemoryFS({ ...FILES, "/lib/os.py": "import sys\n" });
  const shell = makeShell({ FS });
  for (const line of [
    "rm /lib/os.py",
    "rm -rf /lib",
    "rm -rf /lib/os.py",
    "echo > /lib/os.py",
    "mv /lib /tmp/lib",
    "mv /lib/os.py .",
    "touch /lib/x",
    "mkdir /x",
    "cp users.csv /lib/os.py",
    "find /lib -delete",
    "sort -o /lib/os.py users.csv",
  ]) {
    const { code, err } = await run(shell, line);
    assert.notEqual(code, 0, line);
    assert.match(err, /Permission denied/, line);
  }
  assert.equal((await run(shell, "cat /lib/os.py")).out, "import sys\n");
});

test("the course's folder itself stays, whatever becomes of its files", async () => {
  const shell = makeShell({ files: FILES });
  for (const line of ["rm -rf /course", "rm -rf ~", "mv /course /tmp/x"]) {
    const { code, err } = await run(shell, line);
    assert.equal(code, 1);
    assert.match(err, /Device or resource busy/);
  }
  assert.equal((await run(shell, "pwd; ls")).out, "/course\n");
});

test("a full disk is said", async () => {
  const FS = new MemoryFS(FILES);
  const shell = makeShell({ FS });
  FS.full(51);
  const { code, err } = await run(shell, "echo a > x");
  assert.deepEqual([code, err], [1, "x: No space left on device\n"]);
});

test("the folder that one stands in can vanish", async () => {
  const shell = makeShell({ files: FILES });
  await run(shell, "cd chapters/05; rm -r /course/chapters");
  const { out, err } = await run(shell, "pwd");
  assert.equal(out, "/course\n");
  assert.match(err, /\/course\/chapters\/05 is gone/);
});

test("$(…) runs Python", async () => {
  const python = (_argv, { print }) => {
    print("a  b\n");
    return 4;
  };
  const { out } = await run(
    makeShell({ python }),
    'echo $(python x) "$(python x)"; A=$(python x); echo $?',
  );
  assert.equal(out, "a b a  b\n4\n");
});

// --- Pipes with Python ---

test("head ends a Python that writes for ever, and memory does not grow", async () => {
  let wrote = 0;
  let error;
  const python = (_argv, { print }) => {
    try {
      for (;;) {
        print(`Hello, Ada! ${"x".repeat(8000)}\n`);
        wrote++;
      }
    } catch (caught) {
      error = caught;
    }
    return 1;
  };
  const { out, code } = await run(
    makeShell({ python }),
    "python manage.py greet Ada 1000000000 | head -1",
  );
  assert.equal(out.length, 8013);
  assert.equal(code, 0);
  assert.equal(error.closed, true);
  assert.equal(wrote, 1);
});

test("a word prints what Python writes as it is written", async () => {
  const order = [];
  const python = (_argv, { print }) => {
    for (const number of [1, 2]) {
      order.push(`python ${number}`);
      print(`${number}\n`);
    }
    return 0;
  };
  const stdout = {
    terminal: false,
    write: (bytes) => order.push(Buffer.from(bytes).toString()),
  };
  const shell = makeShell({ python });
  await shell.run("python x | grep -v a | cat", { stdin: keyboard(), stdout, stderr: stdout });
  assert.deepEqual(order, ["python 1", "1\n", "python 2", "2\n"]);
});

test("Python's bytes are copied before it writes over them", async () => {
  const memory = bytesOf(4);
  const python = (_argv, { stdout }) => {
    stdout.write(memory);
    memory.fill(121);
    stdout.write(memory);
    return 0;
  };
  assert.equal((await run(makeShell({ python }), "python x | sort")).out, "xxxxyyyy\n");
});

test("100 MB go through a pipe without being kept", async () => {
  const piece = bytesOf(2 ** 20).fill(10, -1);
  const python = (_argv, { print }) => {
    for (let count = 0; count < 100; count++) print(piece);
    return 0;
  };
  const { out } = await run(makeShell({ python }), "python x | cat | wc -l");
  assert.equal(out, "100\n");
});

test("10 MB of lines go through builtins", async () => {
  const { out } = await run(
    makeShell(),
    "yes 'a line of text' | head -c 10000000 | grep -v b | cut -c1-3 | tail -1 | tr a z",
  );
  assert.equal(out, "z l\n");
});

test("yes feeds Python as much as it asks for", async () => {
  const lines = [];
  const python = (_argv, { line }) => {
    lines.push(line(), line());
    return 0;
  };
  const { code } = await run(makeShell({ python }), "yes | python manage.py full_reset");
  assert.equal(code, 0);
  assert.match(lines[0], /^y\ny\n/);
  assert.match(lines[1], /y\n$/);
});

test("Python reads what a word prints, to its end", async () => {
  const python = (_argv, { read, print }) => {
    print(`got ${read()}`);
    return 0;
  };
  assert.equal((await run(makeShell({ python }), "echo n | python x")).out, "got n\n");
});

test("Python reads 1 MB and more from a word", async () => {
  const python = (_argv, { read, print }) => {
    print(`${read().length}\n`);
    return 0;
  };
  assert.equal(
    (await run(makeShell({ python }), "yes | head -c 3000000 | python x")).out,
    "3000000\n",
  );
});

test("Python reads a file, and /dev/null", async () => {
  const python = (_argv, { read, print }) => {
    print(`[${read()}]`);
    return 0;
  };
  const shell = makeShell({ files: FILES, python });
  assert.equal((await run(shell, "python x < users.csv")).out, "[id\n1\n2\n]");
  assert.equal((await run(shell, "python x < /dev/null")).out, "[]");
});

test("a Python that reads nothing does not wait for what stands on its left", async () => {
  const { argv, code } = await started("yes | python x");
  assert.deepEqual([argv.length, code], [1, 0]);
});

test("the left Python ends before the right one begins, which reads it all", async () => {
  const order = [];
  const python = ([, name], { print, read }) => {
    order.push(name);
    if (name === "left") for (let count = 0; count < 10; count++) print(bytesOf(2 ** 20));
    else print(`${read().length}\n`);
    return name === "left" ? 7 : 5;
  };
  const { out, code } = await run(makeShell({ python }), "python left | cat | python right | cat");
  assert.deepEqual([order, out, code], [["left", "right"], "10485760\n", 0]);
});

test("a Python in the middle reads from a word and writes to another", async () => {
  const python = (_argv, { print, line }) => {
    for (;;) print(line());
  };
  const { out, code } = await run(makeShell({ python }), "yes ada | python x | head -2");
  assert.deepEqual([out, code], ["ada\nada\n", 0]);
});

test("the code of a pipeline is that of its last command", async () => {
  assert.equal((await run(makeShell({ python: () => 1 }), "python x | cat")).code, 0);
  assert.equal((await run(makeShell({ python: () => 1 }), "true | python x")).code, 1);
});

test("a word that never reads does not hold Python up", async () => {
  let written = 0;
  const python = (_argv, { print }) => {
    for (; written < 3; written++) print("x\n");
    return 0;
  };
  const shell = makeShell({ python });
  const { code } = await run(shell, "python x | yes | head -1");
  assert.equal(code, 0);
});

test("sleep on the left lets Python begin after it", async () => {
  const python = (_argv, { read, print }) => {
    print(`[${read()}]`);
    return 0;
  };
  assert.equal((await run(makeShell({ python }), "sleep 0.01 | python x")).out, "[]");
});

test("what is typed goes through a word into Python", async () => {
  const python = (_argv, { read, print }) => {
    print(`[${read()}]`);
    return 0;
  };
  const stdin = keyboard("yes\n", "no\n", null);
  assert.equal((await run(makeShell({ python }), "cat | python x", { stdin })).out, "[yes\nno\n]");
});

test("the reader of the whole line can go away", async () => {
  const { code } = await run(makeShell(), "yes", { limit: 10000 });
  assert.equal(code, 141);
});

// --- timeout and time ---

test("timeout tells Python's starter when to send which signal, and 143 becomes 124", async () => {
  let given;
  const python = (_argv, { signal }) => {
    given = { ...signal };
    return 143;
  };
  const { code } = await run(makeShell({ python }), "timeout 1 python x > /dev/null");
  assert.deepEqual([code, given], [124, { number: 15, seconds: 1, sent: false }]);
});

test("timeout's code is 124 whatever Python made of the signal", async () => {
  const python = (_argv, { signal }) => {
    signal.sent = true;
    return 0;
  };
  assert.equal((await run(makeShell({ python }), "timeout 1 python x")).code, 124);
});

test("timeout leaves the code of what ends in time", async () => {
  const shell = makeShell({ python: () => 3 });
  assert.equal((await run(shell, "timeout 60 python x")).code, 3);
  assert.equal((await run(shell, "timeout 60 false")).code, 1);
  assert.equal((await run(shell, "timeout -s INT 5 nope")).code, 127);
});

test("timeout ends what waits for the keyboard", async () => {
  const { code } = await run(makeShell(), "timeout 0.05 cat", { stdin: keyboard() });
  assert.equal(code, 124);
});

test("time says on stderr how long it took", async () => {
  const { out, err, code } = await run(makeShell(), "time false | cat; time sleep 0.02");
  assert.deepEqual([out, code], ["", 0]);
  assert.match(err, /^\nreal\t0m0\.0\d\ds\n\nreal\t0m0\.\d{3}s\n$/);
});

// --- Ctrl-C ---

const waiting = [
  "sleep 60",
  "yes",
  "yes > /dev/null",
  "cat",
  "wc",
  "sort",
  "head -1",
  "tail",
  "grep a",
  "cut -c1",
  "tr a b",
  "yes | grep n",
  "yes | sort",
  "cat | cat | wc",
  "yes | cut -c2 | cat",
  "sleep 1 | sleep 60",
  "timeout 60 yes",
  "env A=1 cat",
  "echo $(sleep 60)",
  "A=$(yes)",
  "! sleep 60",
  "time sleep 60",
  "yes | tail -1",
  "yes | wc -l",
  "yes | head -c 1000000000000 > /dev/null",
];

for (const line of waiting) {
  test(`Ctrl-C ends this with code 130, and nothing follows: ${line}`, {
    timeout: 5000,
  }, async () => {
    const shell = makeShell();
    setTimeout(() => shell.interrupt(), 30);
    const stdout = { terminal: false, write() {} };
    const stderr = new Output();
    const streams = { stdin: keyboard(), stdout, stderr };
    const code = await shell.run(`${line}; touch after || touch after`, streams);
    assert.equal(code, 130);
    assert.equal(shell.code, 130);
    assert.equal(shell.files.exists("/course", "after"), false);
    assert.equal((await run(shell, "echo on")).out, "on\n");
  });
}

test("after a Python that ends with 130 the line goes no further", async () => {
  const { out } = await run(makeShell({ python: () => 130 }), "python x; echo no");
  assert.equal(out, "");
  assert.equal((await run(makeShell({ python: () => 130 }), "! python x || echo no")).code, 130);
});

test("Ctrl-C ends the builtins beside a Python, and waits for Python itself", async () => {
  let end;
  const shell = makeShell({ python: () => new Promise((resolve) => (end = resolve)) });
  const running = run(shell, "python x | cat");
  await new Promise((resolve) => setTimeout(resolve, 10));
  shell.interrupt();
  let isOver = false;
  running.then(() => (isOver = true));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(isOver, false);
  end(130);
  assert.equal((await running).code, 130);
});

test("Ctrl-C keeps a Python that has not begun from beginning", async () => {
  const calls = [];
  const shell = makeShell({ python: (argv) => calls.push(argv) });
  setTimeout(() => shell.interrupt(), 20);
  const { code } = await run(shell, "sleep 60 | python x; python y");
  assert.deepEqual([code, calls], [130, []]);
});

test("a Python that draws from builtins that give nothing hears of Ctrl-C", async () => {
  let asked = 0;
  const python = (_argv, { line }) => (line() === null ? 130 : 0);
  const shell = makeShell({ python, interrupted: () => ++asked > 1000 });
  setTimeout(() => shell.interrupt(), 50);
  const { code } = await run(shell, "yes | grep n | python x");
  assert.equal(code, 130);
});

test("Ctrl-C at the prompt does not end the next line", async () => {
  const shell = makeShell();
  shell.interrupt();
  assert.equal((await run(shell, "echo on")).out, "on\n");
});

// --- Words on a terminal, and what bash's programs cannot be compared in ---

test("ls marks folders and uses columns on a terminal", async () => {
  const shell = makeShell({ files: { a: "", bb: "", "c/d": "", "e f": "" } });
  assert.equal((await run(shell, "ls", { terminal: true, columns: 80 })).out, "a  bb  c/  e f\n");
  assert.equal((await run(shell, "ls", { terminal: true, columns: 8 })).out, "a   c/\nbb  e f\n");
  assert.equal((await run(shell, "ls -1", { terminal: true })).out, "a\nbb\nc/\ne f\n");
  assert.equal((await run(shell, "ls | cat", { terminal: true })).out, "a\nbb\nc\ne f\n");
});

test("ls -l shows kind, size and time", async () => {
  const { out } = await run(makeShell({ files: FILES }), "ls -l");
  assert.match(
    out,
    /^total \d+\ndrwxr-xr-x 1 you you +4096 [A-Z][a-z]{2} [ \d]\d \d\d:\d\d chapters\n/,
  );
  assert.match(out, /\n-rw-r--r-- 1 you you +7 .* users\.csv\n$/);
});

test("clear writes the sequence of terminals", async () => {
  assert.equal((await run(makeShell(), "clear")).out, "\x1b[H\x1b[2J\x1b[3J");
});

test("help lists every word, and --help tells about one", async () => {
  const shell = makeShell();
  const { out } = await run(shell, "help");
  for (const name of ["ls", "grep", "timeout", "which", "help"])
    assert.match(out, new RegExp(`^${name} `, "m"));
  for (const line of ["help head", "head --help"]) {
    assert.match((await run(shell, line)).out, /^Usage: head \[-N/);
  }
  assert.equal((await run(shell, "help nope")).code, 1);
  assert.equal((await run(shell, "echo --help")).out, "--help\n");
});

test("which knows Python and the builtins", async () => {
  const { out, code } = await run(makeShell(), "which python ls");
  assert.deepEqual([code, out.match(/^\w+/gm)], [0, ["python", "ls"]]);
});

test("tail -f is refused in a sentence", async () => {
  const { code, err } = await run(makeShell({ files: FILES }), "tail -f users.csv");
  assert.equal(code, 1);
  assert.match(err, /^tail: there is nothing to follow/);
});

const complaints = [
  ["cat x", 1, "cat: x: No such file or directory\n"],
  ["cat chapters", 1, "cat: chapters: Is a directory\n"],
  ["head x", 1, "head: cannot open 'x' for reading: No such file or directory\n"],
  ["head -n x users.csv", 1, "head: invalid number of lines: ‘x’\n"],
  ["ls x", 2, "ls: cannot access 'x': No such file or directory\n"],
  ["ls -z", 2, "ls: invalid option -- 'z'\nTry 'ls --help' for more information.\n"],
  ["rm x", 1, "rm: cannot remove 'x': No such file or directory\n"],
  ["rm chapters", 1, "rm: cannot remove 'chapters': Is a directory\n"],
  ["rm -r .", 1, "rm: refusing to remove '.' or '..' directory: skipping '.'\n"],
  ["mv x y", 1, "mv: cannot stat 'x': No such file or directory\n"],
  [
    "mv chapters chapters/x",
    1,
    "mv: cannot move 'chapters' to a subdirectory of itself, 'chapters/x'\n",
  ],
  ["mv users.csv users.csv", 1, "mv: 'users.csv' and 'users.csv' are the same file\n"],
  ["mv users.csv manage.py x", 1, "mv: target 'x': No such file or directory\n"],
  ["cp chapters x", 1, "cp: -r not specified; omitting directory 'chapters'\n"],
  [
    "cp users.csv nope/x",
    1,
    "cp: cannot create regular file 'nope/x': No such file or directory\n",
  ],
  ["mkdir chapters", 1, "mkdir: cannot create directory ‘chapters’: File exists\n"],
  ["touch nope/x", 1, "touch: cannot touch 'nope/x': No such file or directory\n"],
  ["cd x", 1, "cd: x: No such file or directory\n"],
  ["cd users.csv", 1, "cd: users.csv: Not a directory\n"],
  ["grep '(' -E users.csv", 2, "grep: Unmatched ( or \\(\n"],
  ["grep a x", 2, "grep: x: No such file or directory\n"],
  ["grep a chapters", 2, "grep: chapters: Is a directory\n"],
  ["sort x", 2, "sort: cannot read: x: No such file or directory\n"],
  ["wc x", 1, "wc: x: No such file or directory\n"],
  ["find x", 1, "find: ‘x’: No such file or directory\n"],
  ["find . -foo", 1, "find: unknown predicate `-foo'\n"],
  [
    "cut x",
    1,
    "cut: you must specify a list of bytes, characters, or fields\n" +
      "Try 'cut --help' for more information.\n",
  ],
  ["sleep x", 1, "sleep: invalid time interval ‘x’\nTry 'sleep --help' for more information.\n"],
  [
    "timeout x ls",
    125,
    "timeout: invalid time interval ‘x’\nTry 'timeout --help' for more information.\n",
  ],
  ["./users.csv", 126, "./users.csv: Permission denied\n"],
  ["./chapters", 126, "./chapters: Is a directory\n"],
  ["./nope.py", 127, "./nope.py: No such file or directory\n"],
  ['cat ""', 1, "cat: '': No such file or directory\n"],
];

for (const [line, code, text] of complaints) {
  test(`what goes wrong is said as GNU's programs say it: ${line}`, async () => {
    const result = await run(makeShell({ files: FILES }), line);
    assert.deepEqual([result.code, result.err], [code, text]);
  });
}

test("no word breaks on odd arguments", async () => {
  const { builtins } = await import("../shell/builtins.mjs");
  const odd = [
    "",
    "''",
    "-",
    "--",
    "--nope",
    "-Z",
    "nope",
    "chapters",
    "-1",
    "users.csv",
    "a b c d",
    "-n",
    "-c",
    "[",
    "\\",
    "0",
  ];
  for (const name of Object.keys(builtins)) {
    for (const one of odd) {
      const arg = one === "\\" ? "'\\'" : one;
      const line = `timeout 0.05 ${name} ${arg} < users.csv | head -c 1000`;
      const { err } = await run(makeShell({ files: FILES }), line);
      assert.doesNotMatch(err, /should not have happened/, line);
    }
  }
});
