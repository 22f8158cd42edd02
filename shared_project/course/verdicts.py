"""Say what came of a check: for people, and for programs."""

import traceback
from collections.abc import Iterator
from pathlib import Path

from shared_project.course.checking import Shop, Verdict, check
from shared_project.course.exercises import Exercise, exercises
from shared_project.course.kit import SECONDS_OF_WORK, StillRunning, UnmetError

INDENT = " " * 11


def of(exercise: Exercise, practice: Path) -> Verdict:
    """Check the learner's files for an exercise. A starter that was not changed gets no hint."""
    with Shop() as shop:
        verdict = check(exercise, practice, shop)
    if is_starter(exercise, practice) and verdict.outcome != "fault":
        verdict.outcome, verdict.mistake = "starter", None
    return verdict


def is_starter(exercise: Exercise, practice: Path) -> bool:
    """Tell whether the learner's files are as `start` has written them, and no more."""
    starter = exercise.files("starter")
    there = {path for path in exercise.paths if (practice / path).is_file()}
    return there == {*starter} and all(
        (practice / path).read_bytes() == source.read_bytes() for path, source in starter.items()
    )


def as_text(exercise: Exercise, verdict: Verdict, entry: dict) -> Iterator[str]:
    """Yield the lines of the verdict; `entry` is what the progress says of the exercise."""
    name = exercise.name
    yield f"{name} {exercise.title}      {exercise.place}"
    if verdict.outcome == "broken":
        yield from _broken(verdict)
        return
    for index, one in enumerate(verdict.expectations):
        if one.held is not False:
            yield f"  holds  {one.sentence}"
            continue
        yield f"  FAILS  {one.sentence}"
        if not isinstance(one.error, StillRunning):
            yield from _three_parts(one.error)
        rest = verdict.expectations[index + 1 :]
        if rest:
            held = sum(later.held is True for later in rest)
            yield f"  Of the {len(rest)} after it, {held} hold{'s' * (held == 1)} already."
        break
    if verdict.outcome == "solved":
        checks, hints = _counted(entry["checks"], "check"), _counted(entry["hints"], "hint")
        yield f"All {len(verdict.expectations)} hold. Solved in {checks}, {hints}."
        yield f"Read why it is right: python manage.py course solution {name}"
        if following := _after(exercise):
            yield f"Next: python manage.py course start {following.name}"
        return
    if verdict.outcome == "endless":
        yield (
            f"It was still running after {SECONDS_OF_WORK} s of work. "
            "Does your loop ask for the same rows again?"
        )
    if verdict.outcome == "starter":
        yield "This is still the starter. It fails on purpose: run it and see why, then change it."
    if verdict.mistake:
        yield f"Looks like this: {' '.join(verdict.mistake.says.split())}"
    yield f"Next: change the file and check again, or: python manage.py course hint {name}"


def as_json(exercise: Exercise, verdict: Verdict) -> dict:
    """Return the verdict for a program."""
    first = verdict.first
    return {
        "exercise": exercise.name,
        "outcome": verdict.outcome,
        "held": verdict.held,
        "of": len(verdict.expectations),
        "first": first and {"name": first.name, "parts": [*_three_parts(first.error)]},
        "mistake": verdict.mistake.id if verdict.mistake else None,
        "says": verdict.mistake.says if verdict.mistake else None,
    }


def _three_parts(error):
    if isinstance(error, UnmetError):
        for label, text in (
            ("ran", error.ran),
            ("expected", error.expected),
            ("happened", error.happened),
        ):
            yield f"{INDENT}{label:9} {text}"
    elif error is not None:
        first = "".join(str(error).splitlines()[:1])
        yield f"{INDENT}{'happened':9} {type(error).__name__}: {first}"


def _broken(verdict):
    error = verdict.first.error
    cause = error.__cause__
    if isinstance(cause, SyntaxError):
        yield f"{Path(cause.filename or '?').name}, line {cause.lineno}: {cause.msg}"
        if cause.text:
            yield f"    {cause.text.rstrip()}"
            yield f"    {' ' * ((cause.offset or 1) - 1)}^"
        return
    if cause is not None:
        last = traceback.extract_tb(cause.__traceback__)[-1]
        yield f"{Path(last.filename).name}, line {last.lineno}: {type(cause).__name__}: {cause}"
        return
    yield str(error)


def _counted(number, noun):
    return f"{number} {noun}{'s' * (number != 1)}"


def _after(exercise):
    everything = exercises()
    index = [one.key for one in everything].index(exercise.key)
    return everything[index + 1] if index + 1 < len(everything) else None
