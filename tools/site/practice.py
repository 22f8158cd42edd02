"""The exercises of a chapter on its page: a line `[exercises 05]`.

Each is a box that opens, with its task, its checklist and its hints. Where the site has a
terminal, the box gets buttons that type a line into it, and its checklist is ticked.
"""

import json
import posixpath
from html import escape
from pathlib import Path

from shared_project.chapters import ROOT
from shared_project.course.exercises import Exercise, exercises
from tools.site.packing import current_build

KINDS = {"build": "build", "repair": "repair", "test": "write the test"}
ACTIONS = ["Start", "Check", "Hint", "Solution"]


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
    first, *others = exercise.task.split("\n\n")
    # Links lead there.
    lines = "\n\n".join([f"{first}\n{{: #{exercise.key} }}", *others, ""]).splitlines()
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
    attributes = {
        "class": "exercise-bar",
        "data-exercise": exercise.name,
        "data-key": exercise.key,
    }
    if build:
        actions = {name: _line(name, exercise) for name in ACTIONS}
        attributes |= {
            "data-build": build,
            "data-actions": json.dumps(actions),
            "data-terminal": "",
            "data-path": f"practice/{_file_to_open(exercise)}",
            "data-line": "1",
        }
    opening = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    return (
        f"<p{opening}><span>Type <code>{_line('start', exercise)}</code>, change "
        f"<code>{exercise.place}</code>, and type <code>{_line('check', exercise)}</code>.</span>"
        f'<a class="solution-link" href="../files/solution-{exercise.key}.html" hidden>'
        "The solution, and why it is right</a></p>"
    )


def _line(action, exercise):
    return f"python manage.py course {action.lower()} {exercise.name}"


def _file_to_open(exercise):
    """Return the starter's file with the name of the command, or else its first."""
    name = posixpath.basename(exercise.target)
    return min(exercise.files("starter"), key=lambda path: posixpath.basename(path) != name)
