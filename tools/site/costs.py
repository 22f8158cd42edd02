"""The page on what each step costs, made from the results of `tools/benchmarks/run.py --steps`."""

import ast
import json
import math
from html import escape
from pathlib import Path

from shared_project.chapters import ROOT
from tools.site.reference import table
from tools.site.sources import find_chapter

RESULTS = "tools/benchmarks/steps.json"
DATABASES = ("SQLite", "PostgreSQL")
PLOTTED = 100_000


class CostError(ValueError):
    """The results lack a step that there is, or have one that there is not."""


def cost_tables(root: Path = ROOT) -> list[str]:
    """Return the Markdown lines of the page: a table and a plot for each command.

    Raises CostError.
    """
    results = json.loads((root / RESULTS).read_text(encoding="utf-8"))
    lines = []
    for command in [one for one in _steps(results) if not _is_step(one)]:
        number, _, name = command.partition("/")
        files = files_to_copy(number, name, root)
        own = [one for one in results if one["step"].startswith(f"{number}/")]
        if wrong := {*_steps(own)} ^ files.keys():
            raise CostError(f"not measured, or not there: {', '.join(sorted(wrong))}")
        lines += ["", f"## {name}", "", *_table(own, files), "", *_plot(own, files), ""]
    return lines


def files_to_copy(number: str, command: str, root: Path = ROOT) -> dict[str, list[Path]]:
    """Return the files of each step of a chapter, and of its finished `command`, by their names.

    The finished command comes with what it imports from its chapter and from the toolkit.
    """
    chapter = find_chapter(number, root)
    steps = sorted((chapter.folder / "steps").glob("[1-9]_*.py"))
    finished = chapter.folder / chapter.app / "management" / "commands" / f"{command}.py"
    return {
        **{f"{number}/{step.name[0]}": [step] for step in steps},
        f"{number}/{command}": sorted(_needed(finished, chapter, root)),
    }


def _steps(results):
    return list(dict.fromkeys(one["step"] for one in results))


def _is_step(name):
    return name.partition("/")[2].isdecimal()


def _needed(command, chapter, root):
    found, waiting = set(), [command]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        waiting += _imported(path, chapter, root)
    return found


def _imported(path, chapter, root):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        parts = node.module.split(".")
        if node.level:  # the toolkit's imports are relative
            file = path.parent.joinpath(*parts).with_suffix(".py")
        elif parts[0] == chapter.app:
            file = chapter.folder.joinpath(*parts).with_suffix(".py")
        elif parts[:2] == ["shared_project", "toolkit"]:
            file = root.joinpath(*parts).with_suffix(".py")
        else:
            continue
        if file.exists():
            yield file


def _table(results, files):
    sizes = sorted({one["rows"] for one in results})
    head = ["Step", "Lines", "Database", *(f"{size:,} rows" for size in sizes)]
    rows = []
    for step, paths in files.items():
        label = f"step {step[-1]}" if _is_step(step) else "finished"
        lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths)
        for database in DATABASES:
            found = {
                one["rows"]: one
                for one in results
                if (one["step"], one["database"]) == (step, database)
            }
            if not found:
                rows.append([label, f"{lines:,}", database, *["–"] * (len(sizes) + 2)])
                continue
            largest = found[max(found)]
            rows.append(
                [
                    label,
                    f"{lines:,}",
                    database,
                    *(_seconds(found.get(size)) for size in sizes),
                    f"{largest['megabytes']:,} MB",
                    _duration(largest["longest"]),
                ]
            )
    return table([*head, "Peak", "Longest transaction"], rows)


def _plot(results, files):
    """Return an SVG with a bar for each step and database: seconds, on a logarithmic scale."""
    bars = [
        (step, database, one["seconds"])
        for step in files
        for database in DATABASES
        for one in results
        if (one["step"], one["database"], one["rows"]) == (step, database, PLOTTED)
    ]
    lowest = 10 ** math.floor(math.log10(max(0.01, min(seconds for *_, seconds in bars))))
    span = math.log10(max(seconds for *_, seconds in bars) / lowest) or 1
    shapes = []
    for index, (step, database, seconds) in enumerate(bars):
        y = index * 22 + (index // 2) * 8
        width = max(2, 380 * math.log10(max(seconds, lowest) / lowest) / span)
        label = escape(f"{step.partition('/')[2]}, {database}")
        shapes.append(
            f'<text x="210" y="{y + 14}" text-anchor="end">{label}</text>'
            f'<rect class="{database.lower()}" x="220" y="{y + 2}" width="{width:.0f}" '
            f'height="16" rx="2"/><text x="{230 + width:.0f}" y="{y + 14}">{seconds:.2f} s</text>'
        )
    height = len(bars) * 22 + len(bars) // 2 * 8
    title = f"Seconds for {PLOTTED:,} rows, on a logarithmic scale"
    figure = (
        f'<figure class="cost"><svg viewBox="0 0 680 {height}" role="img" aria-label="{title}">'
        f"{''.join(shapes)}</svg><figcaption>{title}. The table has the same figures."
        "</figcaption></figure>"
    )
    return [figure]


def _seconds(one):
    if one is None:
        return "–"
    return f"{one['seconds']:,.1f} s ({one['cost']:,.1f}×)"


def _duration(milliseconds):
    if not milliseconds:
        return "none"
    return f"{milliseconds / 1000:,.1f} s" if milliseconds >= 1000 else f"{milliseconds:,.0f} ms"
