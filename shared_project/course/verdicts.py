"""Say what came of a check: for people, and for programs."""

import traceback
from collections.abc import Iterator
from pathlib import Path

from django.core.management.color import no_style

from shared_project.course.checking import Shop, Verdict, check
from shared_project.course.exercises import Exercise, exercises
from shared_project.course.kit import SECONDS_OF_WORK, MissingError, StillRunning, UnmetError

INDENT = " " * 11


def of(exercise: Exercise, practice: Path, tracebacks=False) -> Verdict:
    """Check the learner's files for an exercise. A starter that was not changed gets no hint."""
    with Shop() as shop:
        verdict = check(exercise, practice, shop, tracebacks)
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


def as_text(exercise: Exercise, verdict: Verdict, entry: dict, style=None) -> Iterator[str]:
    """Yield the lines of the verdict; `entry` is what the progress says of the exercise."""
    style = style or no_style()
    name = exercise.name
    yield f"{name} {exercise.title}      {exercise.place}"
    if verdict.outcome == "broken":
        yield from _broken(exercise, verdict)
        yield f"Next: {next_step(exercise, verdict)}"
        return
    for index, one in enumerate(verdict.expectations):
        if one.held is not False:
            yield f"  {style.SUCCESS('holds')}  {one.sentence}"
            continue
        yield f"  {style.ERROR('FAILS')}  {one.sentence}"
        for label, text in _parts(exercise, verdict, one.error).items():
            yield f"{INDENT}{label:9} {text}"
        rest = verdict.expectations[index + 1 :]
        if rest and verdict.outcome != "endless":
            held = sum(later.held is True for later in rest)
            yield f"  Of the {len(rest)} after it, {held} hold{'s' * (held == 1)} already."
        break
    if verdict.outcome == "solved":
        checks, hints = _counted(entry["checks"], "check"), _counted(entry["hints"], "hint")
        yield f"All {len(verdict.expectations)} hold. Solved in {checks}, {hints}."
        yield f"Read why it is right: python manage.py course solution {name}"
        if step := next_step(exercise, verdict):
            yield f"Next: {step}"
        return
    if verdict.outcome == "endless":
        ask = "Does your loop ask for the same rows again?" if exercise.kind != "test" else ""
        yield f"It was still running after {SECONDS_OF_WORK} s of work. {ask}".rstrip()
    if verdict.outcome == "starter":
        yield "This is still the starter. It fails on purpose: run it and see why, then change it."
    if verdict.mistake:
        yield f"Looks like this: {' '.join(verdict.mistake.says.split())}"
    yield f"Next: {next_step(exercise, verdict)}"


def next_step(exercise: Exercise, verdict: Verdict) -> str:
    """Return what the learner can do now; "" after the last exercise."""
    course, name = "python manage.py course", exercise.name
    if verdict.outcome == "solved":
        following = _after(exercise)
        return f"{course} start {following.name}" if following else ""
    if verdict.first and isinstance(verdict.first.error, MissingError):
        return f"put it there, or: {course} reset {name}"
    if verdict.outcome == "broken":
        return f"change the file, and: {course} check {name}"
    return f"change the file and check again, or: {course} hint {name}"


def as_json(exercise: Exercise, verdict: Verdict) -> dict:
    """Return the verdict for a program."""
    first = verdict.first
    return {
        "exercise": exercise.name,
        "outcome": verdict.outcome,
        "held": verdict.held,
        "of": len(verdict.expectations),
        "first": first and {"name": first.name, **_parts(exercise, verdict, first.error)},
        "mistake": verdict.mistake.id if verdict.mistake else None,
        "says": verdict.mistake.says if verdict.mistake else None,
        "next": next_step(exercise, verdict),
    }


def _parts(exercise, verdict, error):
    """Return what was run, what was expected and what happened, as far as there is something."""
    if verdict.outcome == "broken":
        return {"happened": "\n".join(_broken(exercise, verdict))}
    if isinstance(error, UnmetError):
        return {"ran": error.ran, "expected": error.expected, "happened": error.happened}
    if error is None or isinstance(error, StillRunning):
        return {}
    first = "".join(str(error).splitlines()[:1])
    return {"happened": f"{type(error).__name__}: {first}".removesuffix(": ")}


def _broken(exercise, verdict):
    """Yield why the file does not load, and where."""
    error = verdict.first.error
    cause = error.__cause__
    if cause is None:
        yield str(error)
        return
    if isinstance(cause, SyntaxError):
        yield f"{_place(exercise, cause.filename)}, line {cause.lineno}: {cause.msg}"
        if cause.text:
            line = cause.text.rstrip()
            yield f"    {line.lstrip()}"
            yield f"    {' ' * ((cause.offset or 1) - 1 - (len(line) - len(line.lstrip())))}^"
        return
    frames = traceback.extract_tb(cause.__traceback__)
    own = [frame for frame in frames if _place(exercise, frame.filename) != frame.filename]
    frame = (own or frames)[-1]
    yield (
        f"{_place(exercise, frame.filename)}, line {frame.lineno}: {type(cause).__name__}: {cause}"
    )
    if own:
        yield f"    {frame.line}"


def _place(exercise, filename):
    """Return the path of a learner's file as it is shown; another one as it is."""
    path = Path(filename or exercise.target).as_posix()
    found = (one for one in exercise.paths if path.endswith(f"/{one}") or path == one)
    return next((f"practice/{one}" for one in found), path)


def _counted(number, noun):
    return f"{number} {noun}{'s' * (number != 1)}"


def _after(exercise):
    everything = exercises()
    index = [one.key for one in everything].index(exercise.key)
    return everything[index + 1] if index + 1 < len(everything) else None
