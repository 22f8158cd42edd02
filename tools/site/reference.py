"""The reference pages: what every command does, each claim with the test that proves it.

`chapters/NN/reference.toml` holds a table for each command of the chapter, with what its `--help`
cannot say:

    [greet]
    reads = ["nothing", "tests/test_greet.py::test_greets"]
    writes = ["the greetings to stdout", "tests/test_greet.py::test_greets"]

    [greet.exit_codes]
    0 = [["all was printed", "tests/test_greet.py::test_greets"]]

    [greet.behaviors]
    streams = ["yes", "tests/test_greet.py::test_starts_at_once"]
    dry_run = "not needed: it changes nothing"

A claim is a text and the test that proves it, in the chapter's folder or below `shared_project/`.
A behavior that a command does not have is left out, or is a text that says why.
`tools/site/reference.toml` says, in the same form, what holds for every command.
"""

import ast
import html
import os
import re
import tomllib
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from shared_project.chapters import ROOT, Chapter, discover
from tools.site import sources

BEHAVIORS = {
    "dry_run": "Dry run",
    "atomic": "All or nothing",
    "resumable": "Resumes",
    "safe_beside_itself": "Two at once",
    "streams": "Streams its rows",
    "output": "Keeps stdout and stderr apart",
}
SHARED = "tools/site/reference.toml"
COLUMNS = 80


class ClaimError(ValueError):
    """A reference.toml says too little, too much, or what no test proves."""


@dataclass(frozen=True)
class Claim:
    """What holds, and the test that proves it; a reason why something does not apply has none."""

    text: str
    path: str = ""
    line: int = 0

    def html(self) -> str:
        text = as_html(self.text)
        return f'<a href="{sources.href(self.path, self.line)}">{text}</a>' if self.path else text


@dataclass(frozen=True)
class Entry:
    """What is claimed about a command, or about every command."""

    reads: Claim | None
    writes: Claim | None
    exit_codes: dict[str, list[Claim]]
    behaviors: dict[str, Claim]


def load(chapter: Chapter, root: Path = ROOT) -> dict[str, Entry]:
    """Return what the chapter's reference.toml says about each of its commands, by their names.

    Raises ClaimError, with what to do, where a command has no entry or an entry no command,
    and where a claim names no test.
    """
    file = chapter.folder / "reference.toml"
    tables = _read(file, root)
    names = {path.stem for path in chapter.folder.glob("*/management/commands/[!_]*.py")}
    where = file.relative_to(root)
    for name in sorted(names - tables.keys()):
        raise ClaimError(f"{where}: add [{name}]: what the command reads, writes and returns")
    for name in sorted(tables.keys() - names):
        raise ClaimError(f"{where}: [{name}] is no command of the chapter; remove the entry")
    entries = {}
    for name, table in sorted(tables.items()):
        entries[name] = entry = _entry(table, f"{where}: [{name}]", chapter.folder, root)
        if entry.reads is None or entry.writes is None or "0" not in entry.exit_codes:
            raise ClaimError(f"{where}: [{name}] must say reads, writes and exit code 0")
    return entries


def load_shared(root: Path = ROOT) -> Entry:
    """Return what is claimed about every command; raise ClaimError as `load` does."""
    return _entry(_read(root / SHARED, root), SHARED, root, root)


def _read(file, root):
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ClaimError(f"{file.relative_to(root)} is missing: add it") from None
    except tomllib.TOMLDecodeError as error:
        raise ClaimError(f"{file.relative_to(root)}: {error}") from None


def _entry(table, where, folder, root):
    rest = dict(table)
    claim = partial(_claim, where=where, folder=folder, root=root)
    facts = {key: claim(rest.pop(key)) if key in rest else None for key in ("reads", "writes")}
    codes = {
        code: [claim(value) for value in values]
        for code, values in rest.pop("exit_codes", {}).items()
    }
    behaviors = {
        name: Claim(value) if isinstance(value, str) else claim(value)
        for name, value in rest.pop("behaviors", {}).items()
    }
    unknown = sorted([*rest, *(behaviors.keys() - BEHAVIORS.keys())])
    if unknown:
        raise ClaimError(f"{where}: unknown: {', '.join(unknown)}")
    return Entry(**facts, exit_codes=codes, behaviors=behaviors)


def _claim(value, *, where, folder, root):
    try:
        text, proof = value
        path, name = proof.split("::")
    except (AttributeError, TypeError, ValueError):
        raise ClaimError(
            f'{where}: {value!r} must be a text and a test: ["…", "tests/test_x.py::test_y"]'
        ) from None
    file = (root if path.startswith("shared_project/") else folder) / path
    line = _line_of(file, name)
    if line is None:
        raise ClaimError(f"{where}: no test {proof}; name the one that proves: {text}")
    return Claim(text, str(file.relative_to(root)), line)


def _line_of(file, name):
    if not file.exists():
        return None
    return _functions(file, file.stat().st_mtime_ns).get(name)


@cache
def _functions(file, changed):
    body = ast.parse(file.read_text(encoding="utf-8")).body
    return {node.name: node.lineno for node in body if isinstance(node, ast.FunctionDef)}


def as_html(text: str) -> str:
    """Return `text` with its `code` marked up and everything else escaped."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))


def table(header: list[str], rows: list[list[str]]) -> list[str]:
    """Return an HTML table; the cells are HTML, and the first one of a row is its header."""
    lines = ["", "<table>"]
    if header:
        cells = "".join(f'<th scope="col">{cell}</th>' for cell in header)
        lines.append(f"<thead><tr>{cells}</tr></thead>")
    lines.append("<tbody>")
    for first, *rest in rows:
        cells = "".join(f"<td>{cell}</td>" for cell in rest)
        lines.append(f'<tr><th scope="row">{first}</th>{cells}</tr>')
    return [*lines, "</tbody>", "</table>", ""]


def command_list() -> list[str]:
    """Return the Markdown lines that document every command, grouped by chapter."""
    commands = _registered()
    lines = ["## What holds for every command", "", "Every command takes these options:", ""]
    lines += [
        *_fenced(common_help()),
        "",
        "It ends with one of these exit codes, besides its own:",
    ]
    shared = load_shared()
    lines += table(["Exit code", "When"], _codes(shared))
    for chapter in discover():
        title, page = page_of(chapter)
        lines += [
            f"## {title}",
            "",
            f"From [chapter {int(chapter.number)}](../chapters/{page}).",
            "",
        ]
        for name, entry in load(chapter).items():
            lines += [f"### {name}", "", *_fenced(help_of(name, commands.pop(name)))]
            rows = [["Reads", entry.reads.html()], ["Writes", entry.writes.html()]]
            rows += [[f"Exit code {code}", when] for code, when in _codes(entry)]
            lines += table([], rows)
    lines += ["## The project's own commands", "", "They serve the course and teach nothing.", ""]
    for name, app in sorted(commands.items()):
        if app.startswith("shared_project."):
            lines += [f"### {name}", "", *_fenced(help_of(name, app)), ""]
    return lines


def _codes(entry):
    return [
        [code, "<br>".join(claim.html() for claim in claims)]
        for code, claims in sorted(entry.exit_codes.items(), key=lambda item: int(item[0]))
    ]


def page_of(chapter: Chapter) -> tuple[str, str]:
    """Return the title of the chapter's page, and the page's name."""
    [page] = (ROOT / "docs" / "chapters").glob(f"{chapter.number}-*.md")
    title = re.search(r"^# (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return title[1], page.name


def _fenced(text):
    return ["```text", *text.splitlines(), "```"]


def behavior_table() -> list[str]:
    """Return the Markdown lines of the table command × behavior."""
    shared = load_shared().behaviors
    rows = []
    for chapter in discover():
        for name, entry in load(chapter).items():
            claims = shared | entry.behaviors
            cells = [
                claims.get(behavior, Claim("does not apply")).html() for behavior in BEHAVIORS
            ]
            rows.append([f'<a href="commands.html#{name}">{name}</a>', *cells])
    return table(["Command", *BEHAVIORS.values()], rows)


def _registered():
    """Set Django up, and return the app of each command."""
    import django
    from django.apps import apps
    from django.core.management import get_commands

    if not apps.ready:
        os.environ["DJANGO_SETTINGS_MODULE"] = "shared_project.settings"
        django.setup()
    return dict(get_commands())


def help_of(name: str, app: str) -> str:
    """Return what `python manage.py NAME --help` prints about the command's own arguments."""
    from django.core.management import load_command_class

    command = load_command_class(app, name)
    command.suppressed_base_arguments = _common_options()
    command.requires_system_checks = []  # no --skip-checks, which Django adds by itself
    return _format(command, name, add_help=False)


def common_help() -> str:
    """Return what `--help` prints about the options that every command has."""
    from django.core.management.base import BaseCommand

    return _format(BaseCommand(), "COMMAND")


def _common_options():
    from django.core.management.base import BaseCommand

    parser = BaseCommand().create_parser("manage.py", "COMMAND", add_help=False)
    return {option for action in parser._actions for option in action.option_strings}


def _format(command, name, **options):
    from django.core.management.base import DjangoHelpFormatter

    formatter = partial(DjangoHelpFormatter, width=COLUMNS - 2)
    parser = command.create_parser("manage.py", name, formatter_class=formatter, **options)
    parser.color = False  # Python 3.14 colors help, also where a variable forces it
    return parser.format_help()
