"""The page on what each step costs, made from the results of `tools/benchmarks/run.py --steps`.

A result without `seconds` is a run that was ended after the seconds of its `limit`.
"""

import ast
import json
from pathlib import Path

from shared_project.chapters import ROOT
from tools.site.sources import find_chapter

RESULTS = "tools/benchmarks/steps.json"
DATABASES = ("SQLite", "PostgreSQL")
# What `time_of` tells: every step comes to its end with so many rows.
QUOTED = {"database": "SQLite", "rows": 100_000}


class CostError(ValueError):
    """The results lack a step that there is, or have one that there is not."""


def time_of(step: str, root: Path = ROOT) -> str:
    """Return the time that a step such as `05/3` takes with 100,000 rows on SQLite.

    Raises CostError.
    """
    wanted = {"step": step, **QUOTED}
    for one in _read(root):
        if wanted.items() <= one.items():
            return _time(one)
    raise CostError(f"not measured: {wanted}")


def cost_tables(root: Path = ROOT) -> list[str]:
    """Return the Markdown lines of the page: a table and a plot for each command.

    Raises CostError.
    """
    results = _read(root)
    lines = []
    for command in [one for one in _steps(results) if not _is_step(one)]:
        number, _, name = command.partition("/")
        files = files_to_copy(number, name, root)
        own = [one for one in results if one["step"].startswith(f"{number}/")]
        if wrong := {*_steps(own)} ^ files.keys():
            raise CostError(f"not measured, or not there: {', '.join(sorted(wrong))}")
        lines += ["", f"## {name}", "", *_table(own, files), "", *_plot(own, files), ""]
    return lines


def _read(root):
    return json.loads((root / RESULTS).read_text(encoding="utf-8"))


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
    """Return the lines of an HTML table: for each database a group of rows, for each step one."""
    sizes = _sizes(results)
    head = ["Step", *(f"{size:,} rows" for size in sizes), "Peak memory", "Longest transaction"]
    cells = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    lines = ['<div class="costs">', "<table>", f"<thead><tr>{cells}</tr></thead>"]
    for database in DATABASES:
        measured = [one for one in results if one["database"] == database]
        if not measured:
            continue
        title = f'<th scope="rowgroup" colspan="{len(head)}">{database}</th>'
        lines += ["<tbody>", f"<tr>{title}</tr>"]
        for step, paths in files.items():
            own = {one["rows"]: one for one in measured if one["step"] == step}
            cells = "".join(f"<td>{cell}</td>" for cell in _cells(own, sizes))
            lines.append(f'<tr><th scope="row">{_label(step)}{_lines(paths)}</th>{cells}</tr>')
        lines.append("</tbody>")
    return [*lines, "</table>", "</div>"]


def _sizes(results):
    return sorted({one["rows"] for one in results})


def _label(step):
    return f"step {step[-1]}" if _is_step(step) else "finished"


def _lines(paths):
    count = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths)
    return _small(f"{count:,} lines")


def _cells(own, sizes):
    """Yield the cells of one step on one database; `own` holds its results by their size.

    The memory and the transaction are those of the largest table with which the step came to
    its end.
    """
    for size in sizes:
        yield _time(own[size]) + _multiple(own[size]) if size in own else "–"
    ended = [size for size in own if own[size]["seconds"] is not None]
    if not ended:
        yield from ("–", "–")
        return
    largest = max(ended)
    note = "" if largest == sizes[-1] else _small(f"{largest:,} rows")
    yield f"{own[largest]['megabytes']:,} MB{note}"
    yield f"{_duration(own[largest]['longest'])}{note}"


def _small(text):
    return f" <small>{text}</small>"


def _multiple(one):
    if one["cost"] is None:
        return ""
    return _small(f"{one['cost']:,.{1 if one['cost'] < 10 else 0}f}×")


def _time(one):
    if one["seconds"] is not None:
        return _seconds(one["seconds"])
    limit = one["limit"]
    return f"over {limit / 60:g} min" if limit >= 60 else f"over {limit:g} s"


def _duration(milliseconds):
    if not milliseconds:
        return "none"
    return _seconds(milliseconds / 1000) if milliseconds >= 1000 else f"{milliseconds:,.0f} ms"


def _seconds(seconds):
    places = 2 if seconds < 10 else 1 if seconds < 100 else 0
    return f"{seconds:,.{places}f} s"


def _plot(results, files):
    """Return the lines of a figure with a bar for each step and database, for the largest table.

    The bar of a run that was ended at its limit is as long as the limit, and is drawn open.
    """
    size = _sizes(results)[-1]
    bars = [
        one
        for step in files
        for database in DATABASES
        for one in results
        if (one["step"], one["database"], one["rows"]) == (step, database, size)
    ]
    longest = max(_length(one) for one in bars)
    told, shown, above = [], [], None
    for one in bars:
        label, time = _label(one["step"]), _time(one)
        told.append(f"{label}, {one['database']}: {time}")
        width = max(0.5, 100 * _length(one) / longest)
        kind = one["database"].lower() + (" over" if one["seconds"] is None else "")
        shown.append(
            f"<span>{'' if label == above else label}</span><span>{one['database']}</span>"
            f'<svg class="{kind}"><rect width="{width:.1f}%" height="100%"/></svg>'
            f"<span>{time}</span>"
        )
        above = label
    title = f"The time that {size:,} rows take"
    return [
        '<figure class="cost">',
        f"<figcaption>{title}</figcaption>",
        f'<div role="img" aria-label="{title}. {"; ".join(told)}.">',
        *shown,
        "</div>",
        "</figure>",
    ]


def _length(one):
    return one["limit"] if one["seconds"] is None else one["seconds"]
