"""Load the naive versions of the commands, which the pages show failing.

They live in `chapters/NN/naive/`, where Django does not look for commands.
"""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from django.core.management.base import BaseCommand

from shared_project.chapters import ROOT


def names(root: Path = ROOT) -> list[str]:
    """Return the naive commands there are, each as `07/bulk_update`."""
    files = sorted((root / "chapters").glob("[0-9][0-9]/naive/*.py"))
    return [f"{file.parent.parent.name}/{file.stem}" for file in files]


def load(name: str, root: Path = ROOT) -> BaseCommand:
    """Return the naive command `name` (`07/bulk_update`); raise LookupError if there is none."""
    if name not in names(root):
        raise LookupError(name)
    chapter, command = name.split("/")
    spec = spec_from_file_location(
        f"naive_{command}", root / "chapters" / chapter / "naive" / f"{command}.py"
    )
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Command()
