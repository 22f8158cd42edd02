"""Find the chapters: every folder `chapters/NN` holds one Django app.

Chapters are found, not listed, so that a tenth one is a new folder and nothing else.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Chapter:
    number: str
    folder: Path
    app: str


def discover(parent: Path = ROOT / "chapters") -> list[Chapter]:
    """Return the chapters below `parent`, in the order of their numbers.

    The app of a chapter is the one subfolder that has an `apps.py`. Raises
    ImproperlyConfigured where a chapter has none or several, or where two chapters
    call their apps the same.
    """
    chapters = []
    taken = {}
    for folder in sorted(parent.iterdir()):
        if not re.fullmatch(r"\d\d", folder.name):
            continue
        apps = sorted(path.parent.name for path in folder.glob("*/apps.py"))
        if len(apps) != 1:
            found = ", ".join(apps) or "none"
            raise ImproperlyConfigured(
                f"{folder} must hold exactly one folder with an apps.py; found: {found}."
            )
        app = apps[0]
        if app in taken:
            raise ImproperlyConfigured(
                f"Chapters {taken[app]} and {folder.name} both call their app {app!r}."
            )
        taken[app] = folder.name
        chapters.append(Chapter(folder.name, folder, app))
    return chapters
