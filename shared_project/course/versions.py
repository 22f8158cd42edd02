"""On what the chapters' tests really ran.

CI runs pytest with `--record-run`: it then writes what passed to a file in `var/runs/`. After the
last run, `python manage.py check_versions` compares these files with docs/reference/versions.json,
from which the page takes its table.
"""

import difflib
import json

from shared_project.chapters import ROOT, discover
from shared_project.course.reference import page_of, table

RECORD = ROOT / "docs" / "reference" / "versions.json"
RUNS = ROOT / "var" / "runs"


def as_json(runs: list[dict]) -> str:
    return json.dumps(runs, indent=2) + "\n"


def recorded() -> list[dict]:
    """Return the runs in var/runs, in the order of their versions."""
    runs = [
        run for file in RUNS.glob("*.json") for run in json.loads(file.read_text(encoding="utf-8"))
    ]
    return sorted(runs, key=_order)


def _order(run):
    versions = [[int(part) for part in run[key].split(".")] for key in ("python", "django")]
    return versions, run["database"] != "SQLite", run["database"], run["system"]


def difference(runs: list[dict]) -> str:
    """Return, line by line, how `runs` differ from the record; nothing where they are the same."""
    old = RECORD.read_text(encoding="utf-8") if RECORD.exists() else ""
    lines = difflib.unified_diff(
        old.splitlines(), as_json(runs).splitlines(), RECORD.name, "what ran", lineterm="", n=1
    )
    return "\n".join(lines)


def version_table() -> list[str]:
    """Return the Markdown lines of the table of versions that the page shows."""
    runs = json.loads(RECORD.read_text(encoding="utf-8"))
    header = [
        f"Python {run['python']}<br>Django {run['django']}<br>{run['database']}<br>{run['system']}"
        for run in runs
    ]
    rows = []
    for chapter in discover():
        title, page = page_of(chapter)
        link = f'<a href="../chapters/{page.replace(".md", ".html")}">{title}</a>'
        passed = (chapter.number in run["chapters"] for run in runs)
        rows.append([link, *("passed" if it else "not run" for it in passed)])
    return table(["Chapter", *header], rows)
