import assert from "node:assert/strict";
import test from "node:test";

import { findSymbol } from "../panels/code-view.mjs";

const TEXT = `\
LIMIT = 3
STEP: int = 2


def handle(
    self,
):
    handled = 1


@decorated
class Command(
    Base,
):
    """A command."""

    size = 3

    async def handle(self):
        LIMIT = 4

    def handle_more(self): ...


class Other:
    def last(self): ...
`;

for (const [symbol, line] of [
  ["LIMIT", 1],
  ["STEP", 2],
  ["handle", 5],
  ["Command", 12],
  ["Command.size", 17],
  ["Command.handle", 19],
  ["Other.last", 26],
  ["Command.last", undefined],
  ["handled", undefined],
  ["Missing", undefined],
  ["LIMIT.missing", undefined],
]) {
  test(`${symbol} is on line ${line}`, () => assert.equal(findSymbol(TEXT, symbol), line));
}
