"""What a learner has started and solved, kept as text in `practice/progress.toml`."""

import base64
import errno
import hashlib
import json
import re
import shutil
import tomllib
import zlib
from datetime import UTC, datetime
from pathlib import Path

from django.core.management.base import CommandError

from shared_project.course.exercises import Exercise
from shared_project.toolkit.files import atomic_write
from shared_project.toolkit.text import printable

# `began` is the moment of the last `start` or `reset`, `expectations` the checklist of the last
# one that the learner has seen, or solved, and `last` what the last check found of each line.
FIELDS = {
    "started": bool,
    "checks": int,
    "hints": int,
    "solved": bool,
    "began": str,
    "version": str,
    "expectations": str,
    "last": str,
}
# A newer format of the file, which says so itself, may hold what this course would lose.
FORMAT = 1
PLAIN = (bool, int, str)  # these are written in JSON as they are in TOML
MARK = "course-1:"
STEPS = {
    errno.EACCES: "Give yourself the right to read and write it.",
    errno.EPERM: "Give yourself the right to read and write it.",
    errno.EROFS: "Set DJANGO_PRACTICE_DIR to a folder that you may write in.",
    errno.ENOSPC: "Free some space.",
    errno.EDQUOT: "Free some space.",
    errno.ENOTDIR: "Your files go into a folder of this name: move away what is in its place.",
    errno.EEXIST: "Your files go into a folder of this name: move away what is in its place.",
    errno.EISDIR: "A file of this name is needed: move the folder away.",
}


class Progress:
    """The progress in the folder `practice`. `entries` has a dict for each key."""

    def __init__(self, practice: Path):
        self.practice = practice
        self.file = practice / "progress.toml"
        self.warning = ""
        self.entries = self._read()

    def of(self, exercise: Exercise) -> dict:
        """Return what is known of an exercise; every field is there."""
        return {name: kind() for name, kind in FIELDS.items()} | self.entries.get(exercise.key, {})

    def update(self, exercise: Exercise, **fields) -> None:
        """Set `fields` of an exercise, and store them. Raises CommandError."""
        # Another terminal may have stored something since.
        self.entries = self._read()
        self.entries[exercise.key] = self.of(exercise) | fields
        self.write()

    def write(self) -> None:
        """Store everything; whoever reads the file meanwhile sees the old one or the new one."""
        lines = ["# What you have started and solved. `python manage.py course` writes it."]
        for key in sorted(self.entries):
            lines += ["", f"[{key}]"]
            lines += [f"{name} = {_toml(value)}" for name, value in self.entries[key].items()]
        write_file(self.file, ("\n".join(lines) + "\n").encode())

    def started_last(self, exercises: list[Exercise]) -> Exercise | None:
        """Return the exercise that was started last, of those that are not solved yet."""
        entries = {one.key: self.of(one) for one in exercises}
        begun = [
            one
            for one in exercises
            if entries[one.key]["started"] and not entries[one.key]["solved"]
        ]
        return max(begun, key=lambda one: entries[one.key]["began"], default=None)

    def new_expectations(self, exercise: Exercise) -> int:
        """Return how many lines of the checklist the learner has not seen yet, or not solved."""
        seen = self.of(exercise)["expectations"].split()
        return len({*exercise.expectations} - {*seen}) if seen else 0

    def has_grown(self, exercise: Exercise) -> bool:
        """Tell whether an exercise that is solved has got more to hold since."""
        return self.of(exercise)["solved"] and self.new_expectations(exercise) > 0

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
            solved = None
        if solved is None or not all(map(_is_key, solved)):
            raise CommandError("This is not what `python manage.py course export` prints.")
        new = [key for key in solved if not self.entries.get(key, {}).get("solved")]
        for key in new:
            self.entries[key] = {**self.entries.get(key, {}), "started": True, "solved": True}
        self.write()
        return len(new)

    def _read(self):
        try:
            # A byte order mark is what Windows' Notepad adds.
            entries = tomllib.loads(self.file.read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise explained(error, self.file) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            entries = {"": None}
        number = entries.pop("format", 1)
        if isinstance(number, int) and number > FORMAT:
            raise CommandError(
                f"{self.file.name} is from a newer version of the course. Update yours: git pull"
            )
        if all(_is_key(key) and _is_entry(entry) for key, entry in entries.items()):
            return entries
        aside = set_aside(self.file, self.practice)
        self.warning = (
            f"{self.file.name} could not be read. It is now {aside}, and a new one begins. "
            "Your files are as you left them."
        )
        return {}


def _is_key(key):
    return re.fullmatch(r"\w+", key, re.ASCII)


def _is_entry(entry):
    return isinstance(entry, dict) and all(
        _is_key(name) and type(value) in PLAIN and type(value) is FIELDS.get(name, type(value))
        for name, value in entry.items()
    )


def _toml(value):
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def version_of(exercise: Exercise) -> str:
    """Return a mark of the starter and the expectations, which changes when they do."""
    digest = hashlib.sha256(json.dumps([*exercise.expectations]).encode())
    for path, source in exercise.files("starter").items():
        digest.update(path.encode() + source.read_bytes())
    return digest.hexdigest()[:12]


def now() -> str:
    """Return the moment as text that can be compared."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def set_aside(file: Path, practice: Path) -> str:
    """Move a file to the folder `backup` in `practice`; return where it is now, for a person.

    Raises CommandError.
    """
    moment = datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S")
    folder = practice / "backup"
    number, target = 1, folder / f"{moment}-{file.name}"
    try:
        folder.mkdir(exist_ok=True)
        while target.exists():
            number += 1
            target = folder / f"{moment}-{number}-{file.name}"
        if file.is_symlink() and file.is_file():
            # From another folder, a relative link would lead nowhere.
            shutil.copy(file, target)
            file.unlink()
        else:
            file.replace(target)
    except OSError as error:
        raise explained(error, folder) from None
    return f"practice/backup/{target.name}"


def write_file(file: Path, content: bytes) -> None:
    """Write `content` to `file`, whole or not at all; make its folder. Raises CommandError."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explained(error, file.parent) from None
    try:
        with atomic_write(file) as output:
            output.write(content)
    except CommandError as error:
        # It says what has happened; here the learner is told what to do.
        if isinstance(error.__context__, OSError):
            raise explained(error.__context__, file) from None
        raise


def explained(error: OSError, file: Path) -> CommandError:
    """Return an error that names the file, what has happened to it, and what to do."""
    in_the_way = (path for path in (file, *file.parents) if path.is_file())
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        file = next(in_the_way, file)
    step = STEPS.get(error.errno, "")
    return CommandError(f"{printable(str(file))}: {error.strerror}. {step}".rstrip())
