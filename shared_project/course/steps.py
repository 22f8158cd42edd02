"""Load the steps: whole commands, each in one file, on the way to the finished ones.

Step 2 of chapter 5 is the file `chapters/05/steps/2_….py`. Django does not look for commands
there.
"""

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import NamedTuple

from django.core.management.base import BaseCommand, CommandError

from shared_project.chapters import ROOT

NAME = re.compile(r"0?(\d{1,2})/(\d)")


class Step(NamedTuple):
    """A step by its name (`05/2`) and its file."""

    name: str
    path: Path

    @property
    def title(self) -> str:
        """What the step does, as its file's name says it: `Check every row`."""
        return self.path.stem[2:].replace("_", " ").capitalize()

    def load(self) -> BaseCommand:
        """Return the step's command."""
        module_name = f"step_{self.name.replace('/', '_')}"
        spec = spec_from_file_location(module_name, self.path)
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.Command()


def steps(root: Path = ROOT) -> list[Step]:
    """Return the steps of all chapters, in the order of their names."""
    files = (root / "chapters").glob("[0-9][0-9]/steps/[1-9]_*.py")
    return sorted(Step(f"{file.parent.parent.name}/{file.name[0]}", file) for file in files)


def find_step(name: str, root: Path = ROOT) -> Step:
    """Return the step `name` (`05/2`, or `5/2`).

    Raises CommandError with exit code 2 where there is none; the message says what to type.
    """
    found = {step.name: step for step in steps(root)}
    if match := NAME.fullmatch(name):
        name = f"{int(match[1]):02}/{match[2]}"
    if name in found:
        return found[name]
    chapter = re.match(r"\d{1,2}", name)
    number = f"{int(chapter[0]):02}" if chapter else ""
    siblings = [known for known in found if known.startswith(f"{number}/")]
    if siblings:
        advice = f"chapter {int(number)} has {', '.join(siblings)}"
    else:
        advice = "`python manage.py step` lists them all"
    raise CommandError(f"There is no step {name!r}: {advice}.", returncode=2)
