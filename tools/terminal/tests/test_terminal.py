"""The terminal with the real Python: the transcripts of every page, run in the page."""

import re
from functools import partial

import pyte
import pytest

from shared_project.chapters import ROOT
from tools.conftest import Visits
from tools.site.in_browser import why_not
from tools.site.normalizers import HOME, same
from tools.site.replay import COLUMNS, LINES_ON_SCREEN, screen_lines
from tools.site.transcripts import FENCE, parse, until_closed

pytestmark = pytest.mark.browser

PAGES = sorted((ROOT / "docs/chapters").glob("[0-9][0-9]-*.md"))

# The share of them that each run of CI tries.
SHARE = {"05-errors"}
SHARE_IN_FIREFOX = {"01-hello"}

# Tests that start a process, or need a signal from outside, are skipped in a browser.
TESTS = re.compile("pytest |python manage.py test ")

BUILD = "document.querySelector('.transcript[data-build]').dataset.build"
# Keep what each line of the shell printed, at the width of the recorded terminals.
RECORD = """async (build) => {
  const { machine } = await import(`/assets/terminal/${build}/machine/machine.mjs`);
  const exec = machine.exec.bind(machine);
  const ran = (window.ran = []);
  window.machine = machine;
  machine.exec = async (line, options) => {
    const decoder = new TextDecoder();
    const record = { line, output: "" };
    ran.push(record);
    const keep = ({ data }) => (record.output += decoder.decode(data, { stream: true }));
    machine.addEventListener("output", keep);
    const outcome = await exec(line, { ...options, columns: 80, rows: 24 });
    machine.removeEventListener("output", keep);
    record.code = outcome.code;
    return outcome;
  };
}"""


def transcripts(page):
    """Yield the console blocks of a page's Markdown."""
    rest = iter(page.read_text(encoding="utf-8").splitlines())
    for line in rest:
        if (fence := FENCE.match(line)) and fence["language"] == "console":
            yield parse(fence["info"], [*until_closed(rest, fence)][:-1])


def shown(output, *, terminal):
    """Return the lines that a reader sees of what a command wrote."""
    output = output.replace("/course", HOME)
    if not terminal:
        return output.splitlines()
    screen = pyte.Screen(COLUMNS, LINES_ON_SCREEN)
    # xterm.js is told to do what a terminal's driver does.
    pyte.ByteStream(screen).feed(re.sub("\r*\n", "\r\n", output).encode())
    return screen_lines(screen)


def open_page(page, address):
    """Open a page whose lines are recorded, with the shop as it came."""
    page.goto(address)
    page.evaluate(RECORD, page.evaluate(BUILD))
    page.evaluate("machine.reset()")


@pytest.fixture(scope="module")
def page(chromium, address):
    """One for all pages: Python starts from what the browser has kept."""
    visits = Visits(chromium, address)
    page = visits("index.html")
    yield page
    page.context.close()
    assert not visits.problems, "\n".join(visits.problems)


def runnable(file):
    """Return the console blocks that have a Run button."""
    return [
        transcript
        for transcript in transcripts(file)
        if not why_not([command.line for command in transcript.commands])
    ]


def pages(share):
    """Return the parameters of a test of every page; those outside the share are `full`."""
    return [
        pytest.param(file, id=file.stem, marks=[] if file.stem in share else pytest.mark.full)
        for file in PAGES
    ]


@pytest.mark.parametrize("file", pages(SHARE))
def test_a_page_runs_as_it_was_recorded(file, page, address):
    open_page(page, f"{address}chapters/{file.stem}.html")
    blocks = page.locator(".transcript[data-run]")
    expected = runnable(file)
    assert blocks.count() == len(expected)
    run_blocks(page, expected, lambda number: press_run(page, blocks.nth(number)))


def run_blocks(page, expected, press):
    """Press Run on each block, and compare what it prints with the transcript."""
    problems = []
    for number, transcript in enumerate(expected):
        page.evaluate("ran.length = 0")
        press(number)
        play(page, transcript)
        problems += differences(transcript, page.evaluate("ran"))
    assert not problems, "\n".join(problems)


def press_run(page, block):
    block.get_by_role("button", name="Run these commands").click()


def play(page, transcript):
    """Type and stop what the transcript says, and wait for the end of its commands."""
    options = transcript.options
    if "after" in options:
        page.wait_for_function("(text) => ran.at(-1)?.output.includes(text)", arg=options["after"])
        if "typed" in options:
            # The page shows what is typed, as a terminal's driver does.
            page.evaluate("(text) => (ran.at(-1).output += text)", options["typed"] + "\n")
            page.keyboard.type(options["typed"] + "\n")
        else:
            page.evaluate("machine.interrupt()")
    page.wait_for_function(
        "(count) => ran.length === count && ran.every((one) => 'code' in one)",
        arg=len(transcript.commands),
    )
    page.wait_for_function("() => machine.state === 'ready'")


# --- The same in Firefox, which may differ where Python waits, is stopped, or keeps files ---

PRESS_RUN = """(number) => {
  const block = document.querySelectorAll(".transcript[data-run]")[number];
  block.querySelector(".run-button").click();
}"""


@pytest.fixture(scope="module")
def firefox_page(firefox):
    context = firefox.new_context()
    page = context.new_page()
    yield page
    assert not page.said
    context.close()


@pytest.mark.parametrize("file", pages(SHARE_IN_FIREFOX))
def test_a_page_runs_in_firefox_as_it_was_recorded(file, firefox_page, address):
    open_page(firefox_page, f"{address}chapters/{file.stem}.html")
    press = partial(firefox_page.evaluate, PRESS_RUN)
    run_blocks(firefox_page, runnable(file), press)


def count_tests(lines):
    """Return how many tests there were, and how many of them failed."""
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (\w+)", lines[-1])}
    failed = counts.get("failed", 0) + counts.get("errors", 0)
    return failed, failed + counts.get("passed", 0) + counts.get("skipped", 0)


def differences(transcript, ran):
    counts = "varies" in transcript.options
    for command, record, expected in zip(
        transcript.commands, ran, transcript.exit_codes, strict=True
    ):
        lines = shown(record["output"], terminal="terminal" in transcript.options)
        if record["code"] != expected:
            yield f"$ {command.line}\nexit code {record['code']}, not {expected}"
        if TESTS.match(command.line):
            agree = count_tests(command.output) == count_tests(lines)
        else:
            agree = same(command.output, lines, counts=counts)
        if not agree:
            yield "\n".join([f"$ {command.line}", *lines, "--- instead of", *command.output])
