"""The exercises of a chapter on its page: a line `[exercises 05]`.

Each is a box that opens, with its task, its checklist and its hints. Where the site has a
terminal, the box gets buttons that type a line into it: Start, Check, Hint.
"""

import json
from html import escape
from pathlib import Path

from shared_project.chapters import ROOT
from shared_project.course.exercises import Exercise, exercises
from tools.site.packing import current_build

KINDS = {"build": "build", "repair": "repair", "test": "write the test"}


def exercise_boxes(number: str, root: Path = ROOT) -> list[str]:
    """Return the Markdown lines of the boxes of chapter `number`."""
    found = [one for one in exercises(root) if one.chapter == number]
    about = (
        "Each exercise is a small command of your own, in the folder `practice`. A check runs it, "
        "and says what was expected and what happened. Hints come one by one."
    )
    lines = [about, ""]
    for exercise in found:
        lines += _box(exercise, current_build())
    return lines


def _box(exercise: Exercise, build: str | None) -> list[str]:
    title = f"{exercise.name} {exercise.title} ({KINDS[exercise.kind]}, {exercise.minutes} min)"
    lines = [*exercise.task.splitlines(), ""]
    if exercise.needs:
        lines += [f"It needs {exercise.needs}.", ""]
    lines += [f"1. {text}" for text in exercise.expectations.values()]
    lines += ["", _bar(exercise, build), ""]
    for count, hint in enumerate(exercise.hints, start=1):
        lines += [f'??? hint "Hint {count}"', ""]
        lines += [f"    {line}" for line in hint.splitlines()]
        lines += [""]
    title = title.replace('"', "&quot;")
    return [f'??? exercise "{title}"', "", *(f"    {line}".rstrip() for line in lines), ""]


def _bar(exercise, build):
    attributes = {"class": "exercise-bar", "data-exercise": exercise.name}
    if build:
        actions = {name: f"python manage.py course {name.lower()} {exercise.name}"
                   for name in ("Start", "Check", "Hint")}  # fmt: skip
        attributes |= {
            "data-build": build,
            "data-actions": json.dumps(actions),
            "data-path": f"practice/{exercise.target}",
            "data-line": "1",
        }
    opening = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    return (
        f"<p{opening}>Type <code>python manage.py course start {exercise.name}</code>, change "
        f"<code>practice/{exercise.target}</code>, and type "
        f"<code>python manage.py course check {exercise.name}</code>.</p>"
    )
