"""Load the steps: the commands as they are on the way to the finished ones.

They live in `chapters/NN/naive/`, where Django does not look for commands.
"""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from shared_project.chapters import ROOT


def names(root: Path = ROOT) -> list[str]:
    """Return the names of the steps there are, each as `07/bulk_update`."""
    files = sorted((root / "chapters").glob("[0-9][0-9]/naive/*.py"))
    return [f"{file.parent.parent.name}/{file.stem}" for file in files]


def load(name: str, root: Path = ROOT) -> BaseCommand:
    """Return the command of the step `name` (`07/bulk_update`)."""
    return _module(name, root).Command()


def summary(name: str, root: Path = ROOT) -> str:
    """Return the first line of what the step says about itself, in its help or its docstring."""
    module = _module(name, root)
    text = module.Command.help or module.__doc__ or ""
    return text.strip().partition("\n")[0]


def _module(name, root):
    if name not in names(root):
        raise CommandError(f"There is no step {name!r}. `python manage.py step` lists them.")
    chapter, command = name.split("/")
    spec = spec_from_file_location(
        f"step_{chapter}_{command}", root / "chapters" / chapter / "naive" / f"{command}.py"
    )
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
