"""What a learner has started and solved, kept as text in `practice/progress.toml`."""

import base64
import hashlib
import json
import tomllib
import zlib
from datetime import datetime
from pathlib import Path

from django.core.management.base import CommandError

from shared_project.course.exercises import Exercise
from shared_project.toolkit.files import atomic_write

FIELDS = {
    "started": bool,
    "checks": int,
    "hints": int,
    "solved": bool,
    "version": str,
    "last": str,
}
MARK = "course-1:"


class Progress:
    """The progress in the folder `practice`. `entries` has a dict for each key."""

    def __init__(self, practice: Path):
        self.file = practice / "progress.toml"
        self.warning = ""
        self.entries = self._read()

    def of(self, exercise: Exercise) -> dict:
        """Return what is known of an exercise; every field is there."""
        entry = self.entries.get(exercise.key, {})
        return {name: entry.get(name, kind()) for name, kind in FIELDS.items()}

    def update(self, exercise: Exercise, **fields) -> None:
        """Set `fields` of an exercise, and store them."""
        self.entries[exercise.key] = self.of(exercise) | fields
        self.write()

    def write(self) -> None:
        """Store everything; whoever reads the file meanwhile sees the old one or the new one."""
        lines = ["# What you have started and solved. `python manage.py course` writes it."]
        for key in sorted(self.entries):
            lines += ["", f"[{key}]"]
            lines += [
                f"{name} = {json.dumps(value, ensure_ascii=False)}"
                for name, value in self.entries[key].items()
            ]
        write_text(self.file, "\n".join(lines) + "\n")

    def export(self) -> str:
        """Return the progress in one line of text, without the learner's files."""
        kept = {
            key: {name: entry[name] for name in ("checks", "hints", "solved") if name in entry}
            for key, entry in self.entries.items()
        }
        packed = zlib.compress(json.dumps(kept, sort_keys=True).encode())
        return MARK + base64.urlsafe_b64encode(packed).decode()

    def merge(self, text: str) -> int:
        """Add what `export` has returned elsewhere; return how many exercises became solved.

        Nothing that is solved here becomes unsolved. Raises CommandError for any other text.
        """
        try:
            packed = base64.urlsafe_b64decode(text.strip().removeprefix(MARK))
            others = json.loads(zlib.decompress(packed))
            solved = [key for key, entry in others.items() if entry["solved"] is True]
        except (ValueError, KeyError, TypeError, AttributeError, zlib.error):
            raise CommandError(
                "This is not what `python manage.py course export` prints."
            ) from None
        new = [key for key in solved if not self.entries.get(key, {}).get("solved")]
        for key in new:
            self.entries[key] = {**self.entries.get(key, {}), "started": True, "solved": True}
        self.write()
        return len(new)

    def _read(self):
        try:
            entries = tomllib.loads(self.file.read_text(encoding="utf-8"))
            if all(_is_entry(entry) for entry in entries.values()):
                return entries
        except FileNotFoundError:
            return {}
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            pass
        aside = set_aside(self.file)
        self.warning = (
            f"{self.file.name} could not be read. It is now {aside}, and a new one begins. "
            "Your files are as you left them."
        )
        return {}


def _is_entry(entry):
    return isinstance(entry, dict) and all(
        name not in entry or type(entry[name]) is kind for name, kind in FIELDS.items()
    )


def version_of(exercise: Exercise) -> str:
    """Return a mark of the starter and the expectations, which changes when they do."""
    digest = hashlib.sha256(json.dumps([*exercise.expectations]).encode())
    for path, source in exercise.files("starter").items():
        digest.update(path.encode() + source.read_bytes())
    return digest.hexdigest()[:12]


def set_aside(file: Path) -> Path:
    """Move a file to the folder `backup` beside the progress; return where it is now."""
    practice = next(parent for parent in file.parents if (parent / "progress.toml").exists()
                    or parent.name == "practice")  # fmt: skip
    moment = datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S")
    folder = practice / "backup"
    folder.mkdir(exist_ok=True)
    number, target = 1, folder / f"{moment}-{file.name}"
    while target.exists():
        number += 1
        target = folder / f"{moment}-{number}-{file.name}"
    file.replace(target)
    return target


def write_text(file: Path, text: str) -> None:
    """Write `text` to `file`, whole or not at all; make its folder. Raises CommandError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(file) as output:
        output.write(text.encode())
