"""A page for the solution of each exercise: `docs/files/solution-KEY.md`.

It holds the line `[solution KEY]`, which becomes the solution as its difference from the starter,
why it is right, and other versions that pass. The box of an exercise links to it once it is
solved; nothing else does.
"""

from difflib import SequenceMatcher
from pathlib import Path

from shared_project.chapters import ROOT, discover
from shared_project.course.exercises import Exercise, exercises, find_exercise, sentence


def solution_pages(root: Path = ROOT) -> dict[str, str]:
    """Return the text of each page by its file name."""
    apps = {chapter.number: chapter.app for chapter in discover(root / "chapters")}
    return {
        f"solution-{one.key}.md": _page(one, f"../chapters/{one.chapter}-{apps[one.chapter]}.md")
        for one in exercises(root)
    }


def _page(exercise, chapter_page):
    return f"""\
---
description: The solution, and why it is right.
hide: [toc]
robots: noindex
search:
  exclude: true
---
# Solution: {exercise.title}

This is what changes in the starter of [exercise {exercise.name}]({chapter_page}#{exercise.key}).

[solution {exercise.key}]
"""


def solution(key: str, root: Path = ROOT) -> list[str]:
    """Return the Markdown lines that show the solution of the exercise `key`."""
    exercise = find_exercise(key, root)
    lines = [*_differences(exercise, "solution", root), *exercise.why.splitlines(), ""]
    others = exercise.versions("also_")
    if others:
        lines += ["## Other ways that pass", ""]
    for version in others:
        words = sentence(version.removeprefix("also_"))
        lines += [f'??? note "{words[0].upper()}{words[1:]}"', ""]
        lines += [f"    {line}".rstrip() for line in _differences(exercise, version, root)]
    return lines


def _differences(exercise: Exercise, version: str, root: Path) -> list[str]:
    """Return a block of code for each file of `version`, as its difference from the starter."""
    starter = exercise.files("starter")
    lines = []
    for path, file in exercise.files(version).items():
        before = _most_like(file, starter)
        name = f"practice/{path}" + (f", before: practice/{before}" if path != before else "")
        names = [one.relative_to(root).as_posix() for one in (file, starter[before])]
        lines += ['```python file="{}" since="{}" name="{}"'.format(*names, name), "```", ""]
    return lines


def _most_like(file, starter):
    """Return the path of the file of the starter that `file` is most like: it may have moved."""
    text = file.read_text(encoding="utf-8")

    def likeness(path):
        return SequenceMatcher(None, starter[path].read_text(encoding="utf-8"), text).ratio()

    return max(starter, key=likeness)
