// The shell understands every command line of the course's pages.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { makeShell, run } from "./memory.mjs";

const ROOT = new URL("../../../", import.meta.url);
const FILES = {
  "chapters/01/hello/hello.py": "",
  "manage.py": "",
  "users.csv": "id\n1\n",
  "var/db.sqlite3": "",
};
// What sets the course up on one's own machine.
const LOCAL = /^(pip |source |python3 -m venv|python3 start\.py)/;

// Return the commands of a page's console blocks; a line that begins with `> ` continues one, if no
// output came before.
function commandsOf(page) {
  const commands = [];
  let isOpen = false;
  let isTyped = false;
  for (const line of readFileSync(new URL(page, ROOT), "utf8").split("\n")) {
    const text = line.trim();
    if (/^(```|~~~)/.test(text)) isOpen = text.slice(3).startsWith("console");
    else if (isOpen && text.startsWith("$ ")) commands.push(text.slice(2));
    else if (isOpen && isTyped && text.startsWith("> ")) {
      commands[commands.length - 1] += `\n${text.slice(2)}`;
    }
    isTyped = text.startsWith("$ ") || (isTyped && text.startsWith("> "));
  }
  return commands;
}

const pages = readdirSync(new URL("docs/", ROOT), { recursive: true })
  .filter((name) => name.endsWith(".md"))
  .map((name) => `docs/${name}`);

for (const page of [...pages, "README.md"]) {
  for (const command of commandsOf(page)) {
    test(`${page} can be followed: ${command}`, async () => {
      const started = [];
      const python = (argv, { print, warn }) => {
        started.push(argv);
        warn("progress\n");
        print("result\n");
        return 0;
      };
      const { code, err } = await run(makeShell({ files: FILES, python }), command);
      assert.doesNotMatch(err, /^shell: |should not have happened/m);
      if (LOCAL.test(command)) {
        assert.equal(code, 127);
        assert.match(err, /page "Set up"/);
        return;
      }
      // Only the files of this test are there.
      assert.ok(code === 0 || code === 1 || err.includes("No such file"), err);
      assert.doesNotMatch(err, /not found|not in the browser|invalid option/);
      const wanted = command.match(/(^|[|&;=] ?|\s)(python|pytest) /g)?.length ?? 0;
      assert.equal(started.length, wanted);
    });
  }
}

test("there are pages with commands", () => {
  assert.ok(pages.flatMap(commandsOf).length > 100);
});
