import assert from "node:assert/strict";
import { test } from "node:test";
import { complete } from "../shell/completion.mjs";
import { makeShell } from "./memory.mjs";

const FILES = {
  "manage.py": "",
  "users.csv": "",
  "a b.txt": "",
  "it's.txt": "",
  ".hidden": "",
  "chapters/02/steps/1_first_draft.py": "",
  "chapters/03/steps/2_check.py": "",
  "chapters/03/export/writers.py": "",
  "chapters/03/tests/test_export.py": "",
  "chapters/03/data/feed.json": "",
  "docs/index.md": "",
};
const COMMANDS = [
  {
    name: "export_users",
    options: ["--format", "--fields", "--help"],
    choices: { "--format": ["csv", "json", "xml"] },
  },
  { name: "greet", options: ["--help"], choices: {} },
  { name: "help", options: [], choices: {} },
  { name: "step", options: ["--help"], choices: {} },
];

// The cursor stands at the ¦, or at the end.
async function offered(line, { cwd = "/course", commandsOf = async () => COMMANDS } = {}) {
  const shell = makeShell({ files: FILES });
  shell.state.cwd = cwd;
  const cursor = line.includes("¦") ? line.indexOf("¦") : line.length;
  const text = line.replace("¦", "");
  const { start, candidates } = await complete(shell, text, cursor, commandsOf);
  return candidates.map((one) => text.slice(0, start) + one);
}

const cases = [
  ["the first word is a word of the shell", "gre", ["grep"]],
  ["the first word is Python or pytest", "py", ["pytest", "python", "python3"]],
  ["the first word with a slash is a script or a folder", "./ma", ["./manage.py"]],
  ["python takes a script", "python m", ["python manage.py"]],
  ["python offers no data files", "python us", []],
  ["manage.py takes a command", "python manage.py ex", ["python manage.py export_users"]],
  ["./manage.py takes a command", "./manage.py gr", ["./manage.py greet"]],
  ["python3 takes a command too", "python3 manage.py gr", ["python3 manage.py greet"]],
  [
    "a command takes its options",
    "python manage.py export_users --f",
    ["python manage.py export_users --fields", "python manage.py export_users --format"],
  ],
  [
    "an option takes its choices",
    "python manage.py export_users --format ",
    ["csv", "json", "xml"].map((one) => `python manage.py export_users --format ${one}`),
  ],
  [
    "an option takes what begins like this",
    "python manage.py export_users --format j",
    ["python manage.py export_users --format json"],
  ],
  [
    "an option with = takes its choices",
    "python manage.py export_users --format=x",
    ["python manage.py export_users --format=xml"],
  ],
  [
    "an option without choices takes a file",
    "python manage.py export_users --fields us",
    ["python manage.py export_users --fields users.csv"],
  ],
  [
    "a command that is not known takes files",
    "python manage.py what us",
    ["python manage.py what users.csv"],
  ],
  ["help takes a command", "python manage.py help g", ["python manage.py help greet"]],
  ["help takes one command", "python manage.py help greet g", []],
  [
    "step takes a chapter and a name",
    "python manage.py step ",
    ["python manage.py step 02/1", "python manage.py step 03/2"],
  ],
  ["step completes the name", "python manage.py step 03/", ["python manage.py step 03/2"]],
  ["pytest begins with the chapters", "pytest ", ["pytest chapters/"]],
  ["pytest takes a folder", "pytest chapters/03/t", ["pytest chapters/03/tests/"]],
  [
    "pytest takes a test file",
    "pytest chapters/03/tests/",
    ["pytest chapters/03/tests/test_export.py"],
  ],
  ["pytest offers no data", "pytest chapters/03/data/", []],
  ["a word takes a file", "cat us", ["cat users.csv"]],
  ["a folder ends with a slash", "cat do", ["cat docs/"]],
  ["a space is quoted", "cat a", ["cat a\\ b.txt"]],
  ["a typed backslash stays right", "cat a\\ ", ["cat a\\ b.txt"]],
  ["an apostrophe is quoted", "cat it", ["cat it\\'s.txt"]],
  ["an open quote is used and closed", "cat 'a", ["cat 'a b.txt'"]],
  ["an open double quote is used and closed", 'cat "a ', ['cat "a b.txt"']],
  ["a quote stays open in a folder", 'cat "do', ['cat "docs/']],
  ["an apostrophe inside single quotes is typed out", "cat 'it", ["cat 'it'\\''s.txt'"]],
  ["a hidden file is offered once its dot is typed", "cat .h", ["cat .hidden"]],
  ["cd takes folders alone", "cd ", ["cd chapters/", "cd docs/"]],
  ["~ is the home folder", "cat ~/us", ["cat ~/users.csv"]],
  ["a command begins after |", "cat users.csv | gre", ["cat users.csv | grep"]],
  ["a command begins after | without a space", "cat users.csv|gre", ["cat users.csv|grep"]],
  ["a command begins after &&", "true && gre", ["true && grep"]],
  ["a command begins after ;", "true; gre", ["true; grep"]],
  ["a command begins in $(", "echo $(gre", ["echo $(grep"]],
  ["a command begins after NAME=value", "A=1 gre", ["A=1 grep"]],
  ["timeout takes a command", "timeout 5 gre", ["timeout 5 grep"]],
  [
    "a command after env takes its options",
    "env A=1 python manage.py gr",
    ["env A=1 python manage.py greet"],
  ],
  ["a file is offered after >", "echo a > us", ["echo a > users.csv"]],
  ["a file is offered right after <", "wc <us", ["wc <users.csv"]],
  ["after 2> a file is offered", "pytest 2> us", ["pytest 2> users.csv"]],
  ["what stands after the cursor does not matter", "cat us¦ | sort", ["cat users.csv | sort"]],
  ["nothing is offered in a comment", "true # us", []],
  ["nothing is offered after a variable", "cat $us", []],
  ["nothing is offered for the value of a variable", "A=us", []],
  ["nothing is offered in a line that is not understood", "cat << us", []],
  ["nothing is offered for what does not exist", "cat nope/x", []],
  ["export takes a variable", "export HO", ["export HOME"]],
  ["help offers the builtins", "help gre", ["help grep"]],
];

for (const [name, line, expected] of cases) {
  test(name, async () => {
    const words = await offered(line);
    const whole = line.includes("¦") ? words.map((one) => one + line.split("¦")[1]) : words;

    assert.deepEqual(whole, expected);
  });
}

test("an empty line offers every command", async () => {
  const words = await offered("");
  assert.ok(words.includes("python") && words.includes("ls") && !words.includes(":"));
});

test("an empty word after a pipe offers every command", async () => {
  for (const line of ["cat x | ", "cat x && ", "cat x; ", "cat x |", "cat x ||\n"]) {
    assert.ok((await offered(line)).includes(`${line}sort`), line);
  }
});

test("manage.py is not asked where its commands do not matter", async () => {
  const commandsOf = () => assert.fail("asked");
  assert.deepEqual(await offered("cat us", { commandsOf }), ["cat users.csv"]);
  assert.deepEqual(await offered("pytest chapters/03/t", { commandsOf }), [
    "pytest chapters/03/tests/",
  ]);
});

test("files are those of the folder one is in", async () => {
  assert.deepEqual(await offered("cat in", { cwd: "/course/docs" }), ["cat index.md"]);
  assert.deepEqual(await offered("cat ../us", { cwd: "/course/docs" }), ["cat ../users.csv"]);
});

test("every beginning of every line of the course can be completed without an error", async () => {
  const lines = [
    `python manage.py shell -v 0 -c "print(Product.objects.get(name='Deluxe Kite').price)"`,
    `python manage.py sync_data --force-color 2>&1 > /dev/null | grep missing | cat -v`,
    `python manage.py greet $'Ada!\\nAll checks passed' 1`,
    `A=1 timeout 1 x > /dev/null && echo $(cat a | b; c) \${A} || ! time d &> e 2>> f < g`,
  ];
  for (const line of lines) {
    for (let end = 0; end <= line.length; end++) await offered(line.slice(0, end));
  }
});
