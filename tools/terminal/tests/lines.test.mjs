import assert from "node:assert/strict";
import { test } from "node:test";

import { Lines } from "../editing/lines.mjs";
import { place, withoutColors } from "../editing/width.mjs";
import { Screen } from "./screen.mjs";

const UP = "\x1b[A";
const DOWN = "\x1b[B";
const LEFT = "\x1b[D";
const RIGHT = "\x1b[C";
const HOME = "\x1b[H";
const DELETE = "\x1b[3~";
const pasted = (text) => `\x1b[200~${text.replaceAll("\n", "\r")}\x1b[201~`;
const soon = () => new Promise((resolve) => setTimeout(resolve));

// A terminal with an open prompt. `runs` holds the lines that were run; each ends at once unless
// `slow`, then `end()` ends it.
function terminal({ columns = 40, slow = false, complete, storage = new Map() } = {}) {
  const it = { screen: new Screen(columns), runs: [], answers: [], said: [], interrupts: 0 };
  it.lines = new Lines({
    write: (text) => it.screen.write(text),
    columns: () => it.screen.columns,
    prompt: () => "\x1b[32m$\x1b[0m ",
    run: (line) => {
      it.runs.push(line);
      return slow ? new Promise((end) => (it.end = end)) : Promise.resolve({ code: 0 });
    },
    answer: (text) => it.answers.push(text),
    interrupt: () => (it.interrupts += 1),
    complete: complete ?? (async (_line, cursor) => ({ start: cursor, candidates: [] })),
    announce: (text) => it.said.push(text),
    storage: {
      getItem: (key) => storage.get(key) ?? null,
      setItem: (key, value) => storage.set(key, value),
    },
  });
  it.type = (...keys) => {
    for (const key of keys) it.lines.feed(key);
  };
  it.lines.open();
  return it;
}

const completing = (...candidates) => ({
  complete: async (line, cursor) => ({ start: line.lastIndexOf(" ", cursor - 1) + 1, candidates }),
});

test("Enter runs the line and the prompt comes back", async () => {
  const { type, runs, screen } = terminal();
  type("ls", "\r");
  await soon();
  assert.deepEqual(runs, ["ls"]);
  assert.equal(screen.text, "$ ls\n$");
});

test("a character goes in where the cursor is", () => {
  const { type, screen } = terminal();
  type("pthon", HOME, RIGHT, "y");
  assert.equal(screen.text, "$ python");
  assert.equal(screen.column, 4);
});

test("Backspace takes the character before the cursor, Delete the one under it", () => {
  const { type, screen } = terminal();
  type("abcd", LEFT, LEFT, "\x7f", DELETE);
  assert.equal(screen.text, "$ ad");
});

test("Ctrl-A and Ctrl-E go to the ends of the line", () => {
  const { type, screen } = terminal();
  type("b", "\x01", "a", "\x05", "c");
  assert.equal(screen.text, "$ abc");
});

test("Ctrl-W cuts back to a space, and Ctrl-Y puts it back", () => {
  const { type, screen } = terminal();
  type("cat chapters/05", "\x17");
  assert.equal(screen.text, "$ cat");
  type("\x19");
  assert.equal(screen.text, "$ cat chapters/05");
});

test("Ctrl-U cuts what stands before the cursor, Ctrl-K what follows it", () => {
  const { type, screen } = terminal();
  type("one two", "\x1bb", "\x0b");
  assert.equal(screen.text, "$ one");
  type("\x15");
  assert.equal(screen.text, "$");
});

test("Alt-B and Alt-F go over words", () => {
  const { type, screen } = terminal();
  type("cat chapters/05", "\x1bb", "\x1bb", "x", "\x1bf", "y");
  assert.equal(screen.text, "$ cat xchaptersy/05");
});

test("a letter and its accent are one step of the cursor", () => {
  const { type, screen } = terminal();
  type("Zoe\u0308!", LEFT, "\x7f");
  assert.equal(screen.text, "$ Zo!");
});

test("a joined emoji is one step, and as wide as it is drawn", () => {
  const { type, screen } = terminal();
  type("a👍🏽b", LEFT, LEFT);
  assert.equal(screen.column, 3);
  type(DELETE);
  assert.equal(screen.text, "$ ab");
});

test("a line longer than the terminal goes on in the next row", () => {
  const { type, screen } = terminal({ columns: 10 });
  type("abcdefghijkl", HOME, "-");
  assert.equal(screen.text, "$ -abcdefg\nhijkl");
  assert.deepEqual([screen.row, screen.column], [0, 3]);
});

test("a full row takes the cursor to the next", () => {
  const { type, screen } = terminal({ columns: 10 });
  type("abcdefgh");
  assert.deepEqual([screen.row, screen.column], [1, 0]);
  type("\x7f");
  assert.equal(screen.text, "$ abcdefg");
  assert.deepEqual([screen.row, screen.column], [0, 9]);
});

test("a wide character that does not fit begins the next row", () => {
  const { type, screen } = terminal({ columns: 10 });
  type("abcdefg漢x", LEFT, LEFT, "-");
  assert.equal(screen.text, "$ abcdefg-\n漢x");
});

test("output before a long line stays where it is", async () => {
  const { type, screen } = terminal({ columns: 10 });
  type("ls", "\r");
  await soon();
  type("abcdefghijkl", LEFT, "\x7f", "\x15", "z");
  assert.equal(screen.text, "$ ls\n$ zl");
});

test("after another width the line is drawn for it", () => {
  const { lines, type, screen } = terminal({ columns: 20 });
  type("abcdefghijkl", LEFT);
  lines.hide();
  assert.equal(screen.text, "");
  screen.columns = 10;
  lines.show();
  assert.equal(screen.text, "$ abcdefgh\nijkl");
  assert.deepEqual([screen.row, screen.column], [1, 3]);
});

test("after another width the text of a question stays", () => {
  const { lines, type, screen } = terminal({ columns: 20, slow: true });
  type("ask", "\r");
  screen.write("Go on? ");
  lines.ask("Go on? ");
  type("yes");
  lines.hide();
  screen.columns = 8;
  lines.show();
  assert.equal(screen.text, "$ ask\nGo on? y\nes");
});

test("whatever is typed, the terminal shows the line and the cursor in its place", () => {
  const keys = [
    "a",
    "bc ",
    "漢",
    "👋🏽",
    "e\u0301",
    LEFT,
    LEFT,
    RIGHT,
    HOME,
    "\x05",
    "\x7f",
    DELETE,
  ];
  keys.push("\x17", "\x0b", "\x19", "\x1bb", "\x1bf", "word word ", "x\\\r", UP, DOWN, "\x12");
  let seed = 1;
  const any = (number) => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    return (seed >> 8) % number;
  };
  for (let round = 0; round < 300; round++) {
    const { lines, type, screen } = terminal({ columns: 8 + any(20) });
    lines.history.add("two 漢字 and a line that is long");
    for (let step = 0; step < 40 && lines.mode === "line"; step++) {
      type(keys[any(keys.length)]);
      if (lines.mode !== "line") break; // it was run
      const shown = withoutColors(lines.shown);
      const expected = new Screen(screen.columns);
      expected.write(shown + lines.text.replaceAll("\n", "\n> "));
      assert.equal(screen.text, expected.text);
      const { row, column } = place(shown + lines.text.slice(0, lines.cursor), screen.columns);
      assert.deepEqual([screen.row, screen.column], [row, column]);
    }
  }
});

// --- History ---

test("Up brings back the lines that were run, and Down the one being typed", async () => {
  const { type, screen } = terminal();
  type("one", "\r");
  await soon();
  type("two", "\r");
  await soon();
  type("thr", UP, UP, UP);
  assert.equal(screen.text, "$ one\n$ two\n$ one");
  type(DOWN, DOWN);
  assert.equal(screen.text, "$ one\n$ two\n$ thr");
});

test("the history lasts as long as its storage, and holds no line twice in a row", async () => {
  const storage = new Map();
  const first = terminal({ storage });
  for (const line of ["one", "two", "two"]) {
    first.type(line, "\r");
    await soon();
  }
  const { type, screen } = terminal({ storage });
  type(UP, UP);
  assert.equal(screen.text, "$ one");
});

test("the history keeps the last 200 lines", async () => {
  const storage = new Map();
  const { type } = terminal({ storage });
  for (let number = 1; number <= 201; number++) {
    type(`echo ${number}`, "\r");
    await soon();
  }
  const [kept] = [...storage.values()].map((value) => JSON.parse(value));
  assert.deepEqual([kept.length, kept[0]], [200, "echo 2"]);
});

test("a storage that holds something else, or throws, is no obstacle", async () => {
  for (const value of ["{", '{"a": 1}', "3"]) {
    const { type, runs } = terminal({ storage: new Map([["terminal-history", value]]) });
    type(UP, "ls", "\r");
    await soon();
    assert.deepEqual(runs, ["ls"]);
  }
  const forbidden = {
    get() {
      throw new Error("insecure");
    },
    set() {
      throw new Error("full");
    },
  };
  const { type, runs } = terminal({ storage: forbidden });
  type("ls", "\r");
  await soon();
  assert.deepEqual(runs, ["ls"]);
});

test("Ctrl-R finds the newest line with a text, again an older one, and Enter runs it", async () => {
  const { type, runs, screen } = terminal();
  for (const line of ["greet Ada", "hello", "greet Bob"]) {
    type(line, "\r");
    await soon();
  }
  type("\x12", "gre", "\x12");
  assert.equal(screen.text.split("\n").at(-1), "(search)'gre': greet Ada");
  type("\r");
  await soon();
  assert.equal(runs.at(-1), "greet Ada");
});

test("Ctrl-C ends a search and brings back what was typed", async () => {
  const { type, screen } = terminal();
  type("hello", "\r");
  await soon();
  type("gr", "\x12", "h", "\x03");
  assert.equal(screen.text, "$ hello\n$ gr");
});

// --- Completion ---

test("Tab puts in the only word, and a space", async () => {
  const { type, screen } = terminal(completing("hello"));
  type("manage he", "\t");
  await soon();
  type("x");
  assert.equal(screen.text, "$ manage hello x");
});

test("Tab puts no space after a folder", async () => {
  const { type, screen } = terminal(completing("chapters/"));
  type("ls ch", "\t");
  await soon();
  type("x");
  assert.equal(screen.text, "$ ls chapters/x");
});

test("Tab puts in what several candidates have in common, and a second Tab lists them", async () => {
  const { type, screen } = terminal(completing("chapters/01/", "chapters/02/"));
  type("ls c", "\t");
  await soon();
  assert.equal(screen.text, "$ ls chapters/0");
  type("\t");
  await soon();
  assert.equal(screen.text, "$ ls chapters/0\n01/  02/\n$ ls chapters/0");
});

test("Tab completes the word at the cursor, not the end of the line", async () => {
  const { type, screen } = terminal({
    complete: async () => ({ start: 0, candidates: ["python"] }),
  });
  type("py manage.py", HOME, RIGHT, RIGHT, "\t");
  await soon();
  assert.equal(screen.text, "$ python manage.py");
});

test("keys typed while Tab looks for candidates come after them", async () => {
  const { type, runs } = terminal(completing("hello"));
  type("he", "\t", "-v 0", "\r");
  await soon();
  assert.deepEqual(runs, ["hello -v 0"]);
});

test("a Tab that fails changes nothing", async () => {
  const { type, screen } = terminal({ complete: () => Promise.reject(new Error("gone")) });
  type("he", "\t", "y");
  await soon();
  assert.equal(screen.text, "$ hey");
});

test("a Tab that is never answered ends with the machine", async () => {
  const { lines, type, screen } = terminal({ complete: () => new Promise(() => {}) });
  type("he", "\t", "y");
  lines.close();
  screen.write("\n");
  lines.open();
  type("ls");
  assert.equal(screen.text, "$ he\n$ ls");
});

// --- While a command runs ---

test("keys typed while a command runs come after the prompt", async () => {
  const it = terminal({ slow: true });
  it.type("sleep 1", "\r", "l", "s", "\r");
  await soon();
  assert.deepEqual(it.runs, ["sleep 1"]);
  assert.equal(it.screen.text, "$ sleep 1");
  it.end({ code: 0 });
  await soon();
  assert.deepEqual(it.runs, ["sleep 1", "ls"]);
});

test("Ctrl-C interrupts the command, and drops what was typed ahead", async () => {
  const it = terminal({ slow: true });
  it.type("sleep 9", "\r", "ls", "\r", "\x03");
  it.end({ code: 130 });
  await soon();
  assert.equal(it.interrupts, 1);
  assert.deepEqual(it.runs, ["sleep 9"]);
});

test("pasted lines run one after another, and the last waits for Enter", async () => {
  const { type, runs, screen } = terminal();
  type(pasted("$ one\n$ two\nthree"));
  await soon();
  await soon();
  assert.deepEqual(runs, ["one", "two"]);
  assert.equal(screen.text, "$ one\n$ two\n$ three");
});

test("a paste brings no control characters", () => {
  const { type, screen } = terminal();
  type(pasted("a\x1b[31mb\tc"));
  assert.equal(screen.text, "$ a[31mb    c");
});

// --- Questions ---

test("a question gets the line with its end", () => {
  const { lines, type, answers, screen } = terminal({ slow: true });
  type("ask", "\r");
  screen.write("Go on? ");
  lines.ask("Go on? ");
  type("nö", "\x7f", "o", "\r");
  assert.deepEqual(answers, ["no\n"]);
  assert.equal(screen.text, "$ ask\nGo on? no");
});

test("Ctrl-D on an empty answer is the end of the input", () => {
  const { lines, type, answers } = terminal({ slow: true });
  type("ask", "\r");
  lines.ask("");
  type("\x04");
  assert.deepEqual(answers, [null]);
});

test("Ctrl-C at a question interrupts the command and answers nothing", () => {
  const it = terminal({ slow: true });
  it.type("ask", "\r");
  it.lines.ask("");
  it.type("ye", "\x03", "s", "\r");
  assert.equal(it.interrupts, 1);
  assert.deepEqual(it.answers, []);
});

test("a hidden answer is not shown", () => {
  const { lines, type, answers, screen } = terminal({ slow: true });
  type("ask", "\r");
  screen.write("Password: ");
  lines.ask("Password: ", true);
  type("secret", LEFT, "\x7f", "\r");
  assert.deepEqual(answers, ["secrt\n"]);
  assert.equal(screen.text, "$ ask\nPassword:");
});

test("an answer is not kept in the history", async () => {
  const it = terminal({ slow: true });
  it.type("ask", "\r");
  it.lines.ask("");
  it.type("secret", "\r");
  it.end({ code: 0 });
  await soon();
  it.type(UP);
  assert.equal(it.screen.text.split("\n").at(-1), "$ ask");
});

test("lines typed ahead answer a question, but are no password", async () => {
  const it = terminal({ slow: true });
  it.type(pasted("ask\nyes\nls"));
  it.lines.ask("");
  assert.deepEqual(it.answers, ["yes\n"]);
  it.lines.ask("", true);
  assert.deepEqual(it.answers, ["yes\n"]);
  it.type("secret", "\r");
  it.end({ code: 0 });
  await soon();
  assert.equal(it.screen.text.split("\n").at(-1), "$ ls");
});

// --- At the prompt ---

test("Ctrl-C at the prompt gives up the line", async () => {
  const { type, runs, screen } = terminal();
  type("rm -r", "\x03", "ls", "\r");
  await soon();
  assert.deepEqual(runs, ["ls"]);
  assert.equal(screen.text, "$ rm -r^C\n$ ls\n$");
});

test("Ctrl-D on an empty line says that the terminal stays", () => {
  const { type, screen, said } = terminal({ columns: 60 });
  type("\x04", "ls");
  assert.equal(screen.text, "$\nThere is no shell to leave: the terminal stays open.\n$ ls");
  assert.equal(said.length, 1);
});

test("Ctrl-L leaves the line alone on the terminal", async () => {
  const { type, screen } = terminal();
  type("ls", "\r");
  await soon();
  type("abc", LEFT, "\x0c", "-");
  assert.equal(screen.text, "$ ab-c");
});

test("a line that is not complete goes on in the next row, and runs as one", async () => {
  const { type, runs, screen } = terminal();
  type("echo 'a", "\r", "b'");
  assert.equal(screen.text, "$ echo 'a\n> b'");
  type("\r");
  await soon();
  assert.deepEqual(runs, ["echo 'a\nb'"]);
});

// --- The commands of a block ---

test("the commands of a block are typed one after another", async () => {
  const it = terminal();
  const { count } = await it.lines.play(["one \\\ntwo", "three"], it.lines.host.run);
  assert.equal(count, 2);
  assert.deepEqual(it.runs, ["one \\\ntwo", "three"]);
  assert.equal(it.screen.text, "$ one \\\n> two\n$ three");
});

test("a block stops after the command that fails", async () => {
  const it = terminal();
  const run = async (line) => ({ code: line === "two" ? 1 : 0 });
  const { count, result } = await it.lines.play(["one", "two", "three"], run);
  assert.deepEqual([count, result], [2, { code: 1 }]);
});

test("a block goes on after a command that is to fail, and stops where it fails otherwise", async () => {
  const it = terminal();
  const run = async () => ({ code: 1 });
  const { count } = await it.lines.play(["one", "two", "three"], run, [1, 2, 0]);
  assert.equal(count, 2);
});

test("what the reader was typing comes back after a block", async () => {
  const it = terminal();
  it.type("gre");
  const { draft } = await it.lines.play(["one"], it.lines.host.run);
  it.lines.open(draft);
  it.type("et");
  assert.equal(it.screen.text, "$ one\n$ greet");
});

test("the commands of a block can be brought back with Up", async () => {
  const it = terminal();
  await it.lines.play(["one"], it.lines.host.run);
  it.lines.open();
  it.type(UP);
  assert.equal(it.screen.text, "$ one\n$ one");
});
