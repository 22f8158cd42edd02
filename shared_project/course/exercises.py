"""The exercises: what each chapter's `exercises.toml` says of them, and their files."""

import difflib
import posixpath
import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from django.core.management.base import CommandError

from shared_project.chapters import ROOT
from shared_project.toolkit.text import quoted

NUMBER = re.compile(r"0?(\d{1,2})\.(\d{1,2})")
COMMANDS = "management/commands"


@dataclass(frozen=True)
class Mistake:
    """A mistake that people make: by which expectations it is known, and what to say of it.

    All of `fails` fail, none of `passes` does, and `probe` holds. Some shapes of the mistake fail
    one of `may_fail` before. Where the learner writes the test, a probe is one more broken
    command, `probe/NAME.py`, and holds if the test notices it.
    """

    id: str
    says: str
    fails: tuple[str, ...]
    may_fail: tuple[str, ...] = ()
    passes: tuple[str, ...] = ()
    probe: str = ""


@dataclass(frozen=True)
class Exercise:
    """An exercise; its files are in `folder`."""

    chapter: str
    number: int
    key: str
    title: str
    kind: str  # build, repair, or test
    minutes: int
    task: str
    hints: tuple[str, ...]
    why: str
    folder: Path
    mistakes: tuple[Mistake, ...] = ()
    needs: str = ""
    command: str = ""
    bad: tuple[str, ...] = ()  # the broken commands that the tests of a learner must notice
    survivors: tuple[dict, ...] = ()  # changes of the solution that nothing notices, and why

    @property
    def name(self) -> str:
        return f"{self.chapter}.{self.number}"

    @cached_property
    def expectations(self) -> dict[str, str]:
        """The sentences of the checklist, by the names of the expectations, in their order."""
        if self.kind == "test":
            good = {"passes_on_the_good_command": "it passes on the good command"}
            return good | {bad: f"it notices: {sentence(bad)}" for bad in self.bad}
        source = (self.folder / "expectations.py").read_text(encoding="utf-8")
        names = re.findall(r"^def test_(\w+)\(", source, re.MULTILINE)
        return {name: sentence(name) for name in names}

    @property
    def target(self) -> str:
        """The path of the learner's file, or of the main one, below `practice`."""
        if self.kind == "test":
            return f"tests/{self.key}.py"
        return f"{COMMANDS}/{self.command or self.key}.py"

    @cached_property
    def paths(self) -> list[str]:
        """The paths below `practice` that a version of the exercise has, right or wrong."""
        versions = ["starter", "solution", *self.versions("also_"), *self.versions("wrong/")]
        return sorted({path for version in versions for path in self.files(version)})

    @property
    def place(self) -> str:
        """Where the learner's file is; an exercise of several files is in a folder."""
        folder = posixpath.commonpath([f"practice/{path}" for path in self.paths])
        return folder if len(self.paths) == 1 else f"{folder}/"

    def files(self, version: str) -> dict[str, Path]:
        """Return the files of a version (`starter`, `wrong/…`) by their paths in `practice`."""
        file, tree = self.folder / f"{version}.py", self.folder / version
        if file.exists():
            return {self.target: file}
        return {
            path.relative_to(tree).as_posix(): path
            for path in sorted(tree.rglob("*.py"))
            if "__pycache__" not in path.parts
        }

    def versions(self, prefix: str) -> list[str]:
        """Return the versions there are whose names begin with `prefix`: `wrong/`, `also_`."""
        parent = self.folder / Path(f"{prefix}x").parent
        found = {
            path.relative_to(self.folder).with_suffix("").as_posix()
            if path.suffix == ".py"
            else path.relative_to(self.folder).as_posix()
            for path in parent.glob("*")
            if "__pycache__" not in path.name
        }
        return sorted(name for name in found if name.startswith(prefix))


def sentence(name: str) -> str:
    """Return the name of an expectation as words."""
    return name.replace("_", " ")


def exercises(root: Path = ROOT) -> list[Exercise]:
    """Return all exercises in the order of the course."""
    return [
        _read(entry, file)
        for file in sorted((root / "chapters").glob("[0-9][0-9]/exercises.toml"))
        for entry in tomllib.loads(file.read_text(encoding="utf-8"))["exercise"]
    ]


def find_exercise(name: str, root: Path = ROOT) -> Exercise:
    """Return the exercise with the number (`05.2`, `5.2`) or the key `name`.

    Raises CommandError with exit code 2 where there is none.
    """
    match = NUMBER.fullmatch(name)
    wanted = f"{int(match[1]):02}.{match[2]}" if match else name
    everything = exercises(root)
    for exercise in everything:
        if wanted in (exercise.name, exercise.key):
            return exercise
    close = difflib.get_close_matches(name, [one.key for one in everything], n=1)
    meant = f" Did you mean {close[0]}?" if close else ""
    raise CommandError(
        f"There is no exercise {quoted(name)}.{meant} To list them: python manage.py course list",
        returncode=2,
    )


def _read(entry, file):
    entry = dict(entry)
    mistakes = tuple(
        Mistake(**{key: _frozen(value) for key, value in mistake.items()})
        for mistake in entry.pop("mistake", [])
    )
    return Exercise(
        chapter=file.parent.name,
        folder=file.parent / "exercises" / entry["key"],
        mistakes=mistakes,
        **{key: _frozen(value) for key, value in entry.items()},
    )


def _frozen(value):
    if isinstance(value, list):
        return tuple(value)
    return value.strip() if isinstance(value, str) else value
