"""Run the chapters' tests in the page's Python, under Node.js: the packs that the site serves.

    python -m tools.site.tests.run_in_node [--newest] [CHAPTER …]
    python -m tools.site.tests.run_in_node [--newest] --exercises [EXERCISE …]

`--exercises` tests exercises instead: that the starter fails, every solution passes, and every
wrong version gets its own hint. `--newest` takes Django's newest version instead of the one in the
packs, which `python -m tools.site` makes.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from shared_project.chapters import ROOT
from shared_project.course.exercises import exercises
from tools.site import packing
from tools.site.libraries import find

DEADLINE = 300  # seconds for a process
VERSIONS = """
import sys, django
print("Django", django.__version__, "on Python", sys.version.split()[0], end="")
"""
# In KB: a check runs pytest, here within pytest, and one mistake is an endless recursion.
STACK = "--stack-size=4000"
EXERCISES = "shared_project/course/tests/test_exercises.py"
SKIPPED = re.compile(r"^SKIPPED \[(\d+)\] (?:\S+: )(.*)$", re.MULTILINE)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--newest", action="store_true", help="Django's newest version")
    parser.add_argument("--exercises", action="store_true", help="test exercises")
    parser.add_argument("names", nargs="*", metavar="NAME", help="such as chapters/05, or 05.2")
    options = parser.parse_args()
    if options.exercises:
        names, command = options.names or [one.name for one in exercises()], test_exercise
    else:
        names, command = options.names or chapters(), test_chapter
    try:
        failed = run(find_build(), {name: command(name) for name in names}, options.newest)
    except packing.PackingError as error:
        sys.exit(f"run_in_node: {error}")
    return 1 if failed else 0


def find_build():
    """Return the folder of the packs, which are those of the files as they are now."""
    build = packing.current_build()
    if build != packing.name_of_build():
        what = "the packs are outdated" if build else "nothing is packed"
        raise packing.PackingError(f"{what}: run `python -m tools.site` first.")
    return packing.TARGET / build


def chapters():
    return sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("chapters/[0-9][0-9]"))


def run(build, commands, newest):
    """Run each command, by its name, as a process; return the names of those that failed."""
    node = find("node")
    if not node:
        raise packing.PackingError("Node.js is absent.")
    order = {"build": str(build), "lines": [["-c", VERSIONS], *commands.values()]}
    if newest:
        order["newer"] = str(packing.site_packages("python/requirements-newest.txt"))
    failed = []
    with tempfile.TemporaryDirectory(prefix="node-") as folder:
        file = Path(folder) / "order.json"
        file.write_text(json.dumps(order), encoding="utf-8")
        argv = [node, STACK, packing.TERMINAL / "packing/run-tests.mjs", file]
        begin = time.monotonic()
        with subprocess.Popen(argv, stdout=subprocess.PIPE, encoding="utf-8") as process:
            print(next_result(process, "starting")["output"], flush=True)
            for name in commands:
                done = next_result(process, name)
                if done["code"]:
                    failed.append(name)
                    print(done["output"])
                print(f"{name}: {report(done['output'])}", flush=True)
    print(f"{len(commands)} processes in {time.monotonic() - begin:.0f} s, {len(failed)} failed.")
    return failed


def next_result(process, doing):
    timer = threading.Timer(DEADLINE, process.kill)
    timer.start()
    try:
        line = process.stdout.readline()
    finally:
        timer.cancel()
    if not line:
        raise packing.PackingError(f"Python has died, or was silent too long: {doing}.")
    return json.loads(line)


def test_chapter(chapter):
    return ["-m", "pytest", "-q", "-rs", chapter]


def test_exercise(number):
    return ["-m", "pytest", "-q", "-rs", "--full", EXERCISES, "-k", number]


def report(output):
    """Return the last line, and why tests were skipped."""
    lines = output.strip().splitlines() or ["no output"]
    return "\n".join([lines[-1], *(f"    {count} {why}" for why, count in skips(output).items())])


def skips(output):
    """Return how many tests were skipped for which reason."""
    counts = Counter()
    for count, reason in SKIPPED.findall(output):
        counts[reason] += int(count)
    return counts


if __name__ == "__main__":
    sys.exit(main())
