"""For contributors: make an exercise, and check that starters fail, solutions pass, hints fit."""

import keyword
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.core.management import get_commands
from django.core.management.base import CommandError

from shared_project.chapters import ROOT
from shared_project.course.checking import Shop, Verdict, check
from shared_project.course.exercises import Exercise, exercises

ENTRY = """\
[[exercise]]
number = {number}
key = "{key}"
title = ""
kind = "build"
minutes = 0
task = \"""
\"""
hints = [
    "",
    "",
    "",
]
why = \"""
\"""
"""
STARTER = """\
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = ""

    def handle(self, *args, **options):
        pass
"""
EXPECTATIONS = """\
# One test for each line of the checklist, the main one first. Its name is the line:
#
# def test_it_prints_the_number(run, expect):
#     ran = run()
#     expect(ran, "stdout", ran.stdout.strip(), "0")
"""


def problems(exercise: Exercise, shop: Shop, *, few: bool = False) -> Iterator[str]:
    """Yield what is wrong with an exercise, in one line each.

    With `few`, of the wrong versions only the last is tried.
    """
    yield from _empty(exercise)
    if missing := [*_missing(exercise)]:
        yield from missing
        return
    yield from _unnamed(exercise)
    starter, solution = (check_version(exercise, one, shop) for one in ("starter", "solution"))
    if starter.outcome == "solved":
        yield "the starter is a solution"
    if starter.outcome in ("broken", "fault"):
        yield f"the starter: {describe(starter)}"
    for version in ["solution", *exercise.versions("also_")]:
        verdict = solution if version == "solution" else check_version(exercise, version, shop)
        if verdict.outcome != "solved":
            yield f"{version} is no solution: {describe(verdict)}"
    seen = set()
    wrong = exercise.versions("wrong/")
    for version in wrong:
        expected = version.removeprefix("wrong/").partition(".")[0]
        seen.add(expected)
        if few and version != wrong[-1]:
            continue
        verdict = check_version(exercise, version, shop)
        got = verdict.mistake.id if verdict.mistake else None
        if got != expected:
            yield f"{version}: the hint is {got}, after {describe(verdict)}"
    for mistake in exercise.mistakes:
        if mistake.id not in seen:
            yield f"no file shows the mistake {mistake.id}"


def check_version(exercise: Exercise, version: str, shop: Shop) -> Verdict:
    """Check one of the exercise's own versions, in a folder of its own."""
    sources = {path: file.read_bytes() for path, file in exercise.files(version).items()}
    return check_sources(exercise, sources, shop)


def check_sources(exercise: Exercise, sources: dict[str, bytes], shop: Shop) -> Verdict:
    """Check these files, by their paths in `practice`, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        practice = Path(folder) / "practice"
        practice.mkdir()
        # Without it, `import practice` would find the learner's own.
        (practice / "__init__.py").touch()
        for path, source in sources.items():
            target = practice / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source)
        return check(exercise, practice, shop)


def describe(verdict: Verdict) -> str:
    """Return the outcome of a check, and what did not hold, in one line."""
    failed = [one.name for one in verdict.expectations if one.held is False]
    text = f"{verdict.outcome}, not held: {', '.join(failed) or 'nothing'}"
    if verdict.first and verdict.first.error:
        text += f" ({type(verdict.first.error).__name__}: {verdict.first.error})"
    return text if verdict.outcome != "fault" else f"{text}\n{verdict.report}"


def _empty(exercise):
    """Yield which texts are not written yet."""
    for name in ("title", "task", "why"):
        if not getattr(exercise, name).strip():
            yield f"{name} is empty"
    if not exercise.minutes:
        yield "minutes is 0: say how long it takes"
    if not exercise.hints or not all(hint.strip() for hint in exercise.hints):
        yield "a hint is empty"
    for mistake in exercise.mistakes:
        if not mistake.says.strip():
            yield f"the mistake {mistake.id} says nothing"
    if not exercise.mistakes:
        yield "no mistake is named: add [[exercise.mistake]], and wrong/ID.py, for each"


def _missing(exercise):
    """Yield the files without which the exercise cannot be tried."""
    versions = ["starter", "solution"]
    if exercise.kind == "test":
        versions += ["good", *(f"bad/{name}" for name in exercise.bad)]
        if not exercise.bad:
            yield "bad is empty: name the broken commands that the learner's test must notice"
    else:
        versions.append("expectations")
    for version in versions:
        if not exercise.files(version):
            yield f"there is no {version}.py"
    if exercise.files("expectations") and not exercise.expectations:
        yield "expectations.py has no test: write one for each line of the checklist"


def _unnamed(exercise):
    """Yield the expectations that a mistake names and that are not there."""
    for mistake in exercise.mistakes:
        for name in (*mistake.fails, *mistake.may_fail, *mistake.passes):
            if name not in exercise.expectations:
                yield f"the mistake {mistake.id} names {name}, which is no expectation"


def new_exercise(chapter: str, key: str) -> list[str]:
    """Make the files of a new exercise in a chapter; return their paths.

    Raises CommandError for a chapter that is not there, and for a key that is taken.
    """
    folder = ROOT / "chapters" / chapter
    if not folder.is_dir():
        raise CommandError(f"There is no folder chapters/{chapter}.", returncode=2)
    if not key.isidentifier() or keyword.iskeyword(key):
        raise CommandError(f"{key!r} is no name of a command: take_stock is one.", returncode=2)
    there = exercises(ROOT)
    # A practice command comes first: it would take the place of another one.
    if key in {one.key for one in there} | get_commands().keys():
        raise CommandError(f"There is a command or an exercise {key} already.", returncode=2)
    numbers = [one.number for one in there if one.chapter == chapter]
    toml = folder / "exercises.toml"
    entry = ENTRY.format(number=max(numbers, default=0) + 1, key=key)
    files = {
        toml: f"{toml.read_text(encoding='utf-8')}\n{entry}" if toml.exists() else entry,
        folder / "exercises" / key / "starter.py": STARTER,
        folder / "exercises" / key / "solution.py": STARTER,
        folder / "exercises" / key / "expectations.py": EXPECTATIONS,
    }
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return [file.relative_to(ROOT).as_posix() for file in files]
