"""Check the exercises themselves: that starters fail, solutions pass, and hints fit."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from shared_project.course.checking import Shop, Verdict, check
from shared_project.course.exercises import Exercise


def problems(exercise: Exercise, shop: Shop, *, few: bool = False) -> Iterator[str]:
    """Yield what is wrong with an exercise, in one line each.

    With `few`, of the wrong versions only the last is tried.
    """
    yield from _missing(exercise)
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
    with tempfile.TemporaryDirectory() as folder:
        practice = Path(folder) / "practice"
        practice.mkdir()
        # Without it, `import practice` would find the learner's own.
        (practice / "__init__.py").touch()
        for path, source in exercise.files(version).items():
            target = practice / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
        return check(exercise, practice, shop)


def describe(verdict: Verdict) -> str:
    """Return the outcome of a check, and what did not hold, in one line."""
    failed = [one.name for one in verdict.expectations if one.held is False]
    text = f"{verdict.outcome}, not held: {', '.join(failed) or 'nothing'}"
    if verdict.first and verdict.first.error:
        text += f" ({type(verdict.first.error).__name__}: {verdict.first.error})"
    return text if verdict.outcome != "fault" else f"{text}\n{verdict.report}"


def _missing(exercise):
    for name in ("title", "task", "why"):
        if not getattr(exercise, name).strip():
            yield f"{name} is empty"
    if not exercise.hints or not all(hint.strip() for hint in exercise.hints):
        yield "a hint is empty"
    names = {*exercise.expectations}
    for mistake in exercise.mistakes:
        if not mistake.says.strip():
            yield f"the mistake {mistake.id} says nothing"
        for name in (*mistake.fails, *mistake.may_fail, *mistake.passes):
            if name not in names:
                yield f"the mistake {mistake.id} names {name}, which is no expectation"
