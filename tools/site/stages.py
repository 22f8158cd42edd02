"""What each chapter's stage added to the project, worked out from the folders.

A line `[stage 05]` ends chapter 5's page in production.
"""

import ast
import sys
from functools import cache
from pathlib import Path

from shared_project.chapters import ROOT, Chapter, discover
from tools.site.sources import files, find_chapter, href


def stage(number: str, root: Path = ROOT) -> list[str]:
    """Return the Markdown lines of the section that ends the page of chapter `number`."""
    chapter = find_chapter(number, root)
    return [
        "## What this stage added",
        "",
        *_file_table(chapter, root),
        "",
        *_import_list(chapter, root),
        "",
        f"[Read the files of chapter {int(number)} whole](../files/{number}.md).",
    ]


def new_names(chapter: Chapter, root: Path = ROOT) -> list[str]:
    """Return the names from outside the chapters that `chapter` is the first to import."""
    earlier = [one for one in discover(root / "chapters") if one.number < chapter.number]
    return sorted(_imports(chapter) - {name for one in earlier for name in _imports(one)})


def _lines(path):
    return path.read_text(encoding="utf-8").splitlines()


def _files_in(name, chapter, root):
    paths = [root / path for path in files(chapter.number, root)]
    return [path for path in paths if path.is_relative_to(chapter.folder / name)]


def _count_lines(paths):
    return sum(len(_lines(path)) for path in paths)


def _count_tests(paths):
    return sum(
        isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        for path in paths
        if path.match("test_*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
    )


def _imports(chapter):
    names = set()
    for path in (chapter.folder / chapter.app).rglob("*.py"):
        names |= _imported_by(path.read_text(encoding="utf-8"))
    return {name for name in names if _top(name) != chapter.app}


@cache
def _imported_by(source):
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _top(name):
    return name.partition(".")[0]


def _file_table(chapter, root):
    lines = ["| file | lines |", "|---|--:|"]
    for path in _files_in(chapter.app, chapter, root):
        name = path.relative_to(chapter.folder).as_posix()
        target = href(path.relative_to(root).as_posix())
        lines.append(f'| <a href="{target}">`{name}`</a> | {_count_lines([path]):,} |')
    tests, steps, data = (_files_in(name, chapter, root) for name in ("tests", "steps", "data"))
    for count, noun, paths in [
        (_count_tests(tests), "test", tests),
        (len(steps), "step", steps),
        (len(data), "input file", data),
    ]:
        if count:
            plural = "s" if count > 1 else ""
            lines.append(f"| {count} {noun}{plural} | {_count_lines(paths):,} |")
    return lines


def _import_list(chapter, root):
    groups = {}
    for name in new_names(chapter, root):
        groups.setdefault(f"New from {_origin(name)}", []).append(name)
    return [
        f"- {group}: {', '.join(f'`{name}`' for name in groups[group])}"
        for group in sorted(groups, key=str.casefold)
    ]


def _origin(name):
    top = _top(name)
    if top in sys.stdlib_module_names:
        return "the standard library"
    return {"django": "Django", "shared_project": "the shared project"}.get(top, "other packages")
