"""Measure the terminal in the pages, in Chromium: what a reader waits for.

    python tools/benchmarks/terminal.py [--site site] [--repeat 5]

Builds the site, or takes the one in the folder `--site`, and serves it on this machine, with its
Content Security Policy. A round is a reader who has never been there: a new browser context, in
which one thing is measured after the other. The table has the medians of the rounds.

The times of the first four rows run from the click on Run, or from the line that is given to the
machine, to the output or the end; the page's own clock takes them. What is transferred is counted
by the server: the bodies of all answers to requests under `assets/terminal/`, compressed where
they are. The network of one machine costs nothing: on yours, add those bytes.
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tools.site.tests import serving  # noqa: E402
from tools.site.tests.policy import policy  # noqa: E402

PAGE = "chapters/01-hello.html"
QUIET = "index.html"
PATIENCE = 60  # seconds for any one thing

# A row of the table: its name, its unit, and the most that it may be.
LIMITS = {
    "first Run, to its first output": ("s", 2.5),
    "… transferred until then": ("MB", 9.0),
    "… of that, what it waits for": ("MB", None),
    "Run after a reload, to its first output": ("s", 0.8),
    "a further command": ("s", 0.15),
    "`pytest chapters/05`, the first time": ("s", None),
    "`pytest chapters/05`": ("s", 1.0),
    "Ctrl-C in a command that sleeps": ("s", 0.3),
    "Ctrl-C in a command that computes": ("s", 0.3),
    "restart after a kill": ("s", 0.7),
    "transferred by a page that runs nothing": ("MB", 0.0),
}

SLEEP = """python -c "import time; print('go'); time.sleep(60)" """
COMPUTE = "python -c \"print('go')\nwhile True: pass\""
DEAF = (
    'python -c "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n'
    "print('go')\nwhile True: pass\""
)

# Press the first Run button; return how long it took until the block's output was on the screen.
RUN = """() => new Promise((resolve) => {
  const block = document.querySelector(".transcript[data-run]");
  const expected = block.querySelector(".go").textContent.split("\\n")[0];
  const begun = performance.now();
  block.querySelector(".run-button").click();
  const look = () => {
    const shown = document.querySelector(".terminal-screen .xterm-rows")?.textContent ?? "";
    // xterm.js writes spaces that do not break.
    if (shown.replaceAll("\\xa0", " ").includes(expected)) resolve(performance.now() - begun);
    else requestAnimationFrame(look);
  };
  look();
})"""

# What the other measurements share: the page's own machine.
PREPARE = """async () => {
  const { build } = document.querySelector(".transcript[data-build]").dataset;
  const { machine } = await import(`/assets/terminal/${build}/machine/machine.mjs`);
  window.course = { build, machine };
  const isKept = async () => {
    const ours = (await caches.keys()).filter((name) => name.includes(build));
    const kept = ours.map(async (name) => (await caches.open(name)).keys());
    return (await Promise.all(kept)).flat().some(({ url }) => url.endsWith("/memory"));
  };
  course.kept = async () => {
    while (!(await isKept())) await new Promise((resolve) => setTimeout(resolve, 100));
    return true;
  };
  course.free = async () => {
    while (machine.state !== "ready") await new Promise((resolve) => setTimeout(resolve, 20));
  };
  course.exec = async (line) => {
    await course.free();
    const begun = performance.now();
    const { code } = await machine.exec(line);
    return { code, time: performance.now() - begun };
  };
  // Run a line, press Ctrl-C once it has said something.
  course.interrupt = async (line) => {
    await course.free();
    const said = new Promise((resolve) => {
      machine.addEventListener("output", resolve, { once: true });
    });
    const ended = machine.exec(line);
    await said;
    await new Promise((resolve) => setTimeout(resolve, 300));
    const begun = performance.now();
    const restarted = new Promise((resolve) => {
      let from;
      const look = () => {
        if (machine.state === "starting") from = performance.now();
        if (machine.state !== "ready" || !from) return;
        machine.removeEventListener("state", look);
        resolve(performance.now() - from);
      };
      machine.addEventListener("state", look);
    });
    machine.interrupt();
    // Who has caught the first one may take its time; a second one ends it.
    const again = setTimeout(() => machine.interrupt(), 2500);
    const { code, note } = await ended;
    clearTimeout(again);
    const time = performance.now() - begun;
    return { code, time, restart: note ? await restarted : null };
  };
}"""


class MeasureError(Exception):
    """What was measured is not what was meant."""


class Counting(serving.Handler):
    """Counts what it sends from the terminal's folder."""

    sent = 0
    source = 0  # of that, source code, which is asked for when Python is there already

    def send_header(self, keyword, value):
        if keyword == "Content-Length" and self.path.startswith("/assets/terminal/"):
            Counting.sent += int(value)
            if self.path.endswith("/sources.pack.gz"):
                Counting.source += int(value)
        super().send_header(keyword, value)

    def do_GET(self):  # noqa: N802 - so it is called there
        with contextlib.suppress(ConnectionError):  # the reader has left
            super().do_GET()


def main():
    parser = argparse.ArgumentParser(description="Measure the terminal in the pages.")
    parser.add_argument("--site", type=Path, help="a built site (default: one is built)")
    parser.add_argument("--repeat", type=int, default=5, help="rounds (default: 5)")
    options = parser.parse_args()
    chromium = serving.find_chromium()
    if not chromium:
        sys.exit("This needs Chromium: install it, or name it in the variable CHROMIUM.")
    with contextlib.ExitStack() as cleanup:
        site = options.site or build(cleanup.enter_context(tempfile.TemporaryDirectory()))
        if not [*site.glob("assets/terminal/*/manifest.json")]:
            sys.exit(f"{site} has no terminal: `python -m tools.site` says why.")
        address = cleanup.enter_context(serving.serve(site, policy(site), Counting))
        try:
            rounds, version = measure_all(chromium, address, options.repeat)
        except MeasureError as error:
            sys.exit(str(error))
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"\n{datetime.now(UTC):%Y-%m-%d}: {version}; medians of {options.repeat}; ", end="")
    print(f"{os.cpu_count()} cores; load over 1, 5 and 15 minutes: {load}.\n")
    sys.exit(0 if print_table(rounds) else 1)


def build(folder):
    site = Path(folder) / "site"
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    for command in (
        ["-m", "tools.site"],
        ["-m", "mkdocs", "build", "--strict", "--site-dir", str(site)],
    ):
        subprocess.run([sys.executable, *command], cwd=ROOT, env=env, check=True)
    return site


def measure_all(chromium, address, repeat):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        rounds = []
        for number in range(repeat):
            context = browser.new_context()
            context.set_default_timeout(120_000)
            rounds.append(measure(context.new_page(), address))
            context.close()
            print(f"round {number + 1} of {repeat}", file=sys.stderr, flush=True)
        version = f"Chromium {browser.version}"
        browser.close()
    return rounds, version


def measure(page, address):
    """Return the figures of one reader, in the units of LIMITS. Raises MeasureError."""
    found = {}

    def evaluate(what, script, argument=None):
        late = f"new Promise((late) => setTimeout(late, {PATIENCE * 1000}, null))"
        script = f"(argument) => Promise.race([({script})(argument), {late}])"
        answer = page.evaluate(script, argument)
        if answer is None:
            raise MeasureError(f"{what}: nothing came of it within {PATIENCE} seconds")
        return answer

    def visit(path):
        page.goto(address + path, wait_until="networkidle")
        Counting.sent = Counting.source = 0

    def run_first_block():
        """Press Run; return what the first output took."""
        return evaluate("Run", RUN) / 1000

    Counting.sent = 0
    page.goto(address + QUIET, wait_until="networkidle")
    page.mouse.wheel(0, 2000)
    page.goto(address + PAGE, wait_until="networkidle")
    page.mouse.wheel(0, 2000)
    page.wait_for_load_state("networkidle")
    found["transferred by a page that runs nothing"] = Counting.sent / 1e6

    visit(PAGE)
    found["first Run, to its first output"] = run_first_block()
    found["… transferred until then"] = Counting.sent / 1e6
    found["… of that, what it waits for"] = (Counting.sent - Counting.source) / 1e6
    page.evaluate(PREPARE)
    evaluate("keeping the memory of the started Python", "() => course.kept()")

    visit(PAGE)
    found["Run after a reload, to its first output"] = run_first_block()
    page.evaluate(PREPARE)

    def run(line, code=0):
        ended = evaluate(line, "(line) => course.exec(line)", line)
        if ended["code"] != code:
            raise MeasureError(f"{line}: exit code {ended['code']}")
        return ended["time"] / 1000

    def interrupt(line):
        ended = evaluate(line, "(line) => course.interrupt(line)", line)
        if ended["code"] != 130:
            raise MeasureError(f"{line}: exit code {ended['code']}")
        return ended

    found["a further command"] = run("python manage.py hello")
    found["`pytest chapters/05`, the first time"] = run("pytest chapters/05")
    found["`pytest chapters/05`"] = run("pytest chapters/05")
    found["Ctrl-C in a command that sleeps"] = interrupt(SLEEP)["time"] / 1000
    found["Ctrl-C in a command that computes"] = interrupt(COMPUTE)["time"] / 1000
    killed = interrupt(DEAF)
    if killed["restart"] is None:
        raise MeasureError("a command that ignores Ctrl-C was not killed")
    found["restart after a kill"] = killed["restart"] / 1000
    return found


def print_table(rounds) -> bool:
    """Print the medians; return whether none is over its limit."""
    met = True
    print("| what a reader waits for | median | from – to | target |\n|---|---|---|---|")
    for name, (unit, limit) in LIMITS.items():
        values = [figures[name] for figures in rounds]
        median = statistics.median(values)
        missed = limit is not None and round(median, 2) > limit
        met = met and not missed
        text = f"{median:.2f} {unit}"
        spread = f"{min(values):.2f} – {max(values):.2f}"
        target = "" if limit is None else f"≤ {limit:g} {unit}"
        print(f"| {name} | {f'**{text}**' if missed else text} | {spread} | {target} |")
    return met


if __name__ == "__main__":
    main()
