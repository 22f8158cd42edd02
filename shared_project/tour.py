"""Read the chapters' tours: the command lines that show that everything runs.

It imports nothing but the standard library, because `start.py` runs before Django is there.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class TourLine(NamedTuple):
    file: Path
    command: str  # as it is typed after `python manage.py`
    arguments: list[str]
    exit_code: int


def read_tours(root: Path) -> Iterator[TourLine]:
    """Yield the lines of every chapter's tour.txt; `# exit 2` after one is its exit code."""
    for file in sorted(root.glob("chapters/[0-9][0-9]/tour.txt")):
        for line in file.read_text(encoding="utf-8").splitlines():
            command, _, code = line.partition("  # exit ")
            yield TourLine(file, command, shlex.split(command), int(code or 0))
