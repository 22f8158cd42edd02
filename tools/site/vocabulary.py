"""List the names that a chapter's page uses in its Python or its quiz and nobody has explained.

    python -m tools.site.vocabulary

Pages are read in their order. A name is explained where the prose of its page, or of one before
it, has it in backticks. It needs no explanation where its block defines or imports it, where it
belongs to Python or to a module that the block imports, or where a reader of this course has met
it in one Django app.
"""

import ast
import builtins
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from unittest import TestCase

from shared_project.chapters import ROOT
from tools.site.embed import FENCE, OPTION, EmbedError, extract
from tools.site.quiz import read_quiz
from tools.site.transcripts import FENCE as ANY_FENCE
from tools.site.transcripts import until_closed

# What the set-up of one Django app, its models, queries and views have shown.
DJANGO = """
    objects all filter exclude get create get_or_create update_or_create count exists first
    order_by save delete pk id models settings name username email is_active date_joined Model
    CharField DateTimeField DecimalField ForeignKey TextChoices PROTECT app max_length
    max_digits decimal_places default unique blank choices validators help_text related_name
    BASE_DIR DATABASES CACHES lt lte gt gte in isnull
""".split()
PYTHON = {
    name
    for kind in (str, bytes, int, float, list, tuple, dict, set, Path, Decimal, datetime,
                 timedelta, StringIO, BaseException, OSError, SystemExit, TestCase)
    for name in dir(kind)
} | {*dir(builtins), "__file__", "__name__"}  # fmt: skip
SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
WORD = re.compile(r"[A-Za-z_]\w*")
QUIZ = re.compile(r"\[quiz (\d\d)\]")
FILE = re.compile(r"[\w/]+\.(py|json|csv|log)")


def unexplained(root: Path = ROOT) -> dict[str, list[str]]:
    """Return the names that nobody has explained, by the page that uses them first."""
    shop = _defined(
        ast.parse((root / "shared_project/shop/models.py").read_text(encoding="utf-8"))
    )
    explained = {*DJANGO, *PYTHON, *shop, "self"}
    found = {}
    for page in sorted((root / "docs/chapters").glob("[0-9][0-9]-*.md")):
        lines = page.read_text(encoding="utf-8").splitlines()
        explained |= explained_by(lines)
        # The set-up shows the shop's models whole, for whoever wants to read them.
        sources = [] if page.name.startswith("00-") else [*python_of(lines, root)]
        used = {name for source in sources for name in names_in(source)}
        # A quiz asks about the code above it, and so about what that defines.
        shown = {name for source in sources for name in _defined(ast.parse(_dedent(source)))}
        used |= names_in_quiz(lines, root) - shown
        missing = sorted(used - explained)
        if missing:
            found[page.name] = missing
        explained |= {*missing}  # each is reported once
    return found


def explained_by(lines: list[str]) -> set[str]:
    """Return the words in backticks in the prose of a page."""
    prose = "\n".join(text for kind, text in _split(lines) if kind is None)
    return {word for span in SPAN.finditer(prose) for word in WORD.findall(span[2])}


def python_of(lines: list[str], root: Path = ROOT) -> Iterator[str]:
    """Yield the Python that a page shows. Raises EmbedError for a file that is not there."""
    for opening, text in _split(lines):
        if opening is None or opening["language"] != "python":
            continue
        embedded = FENCE.match(opening[0])
        if not embedded:
            yield text
            continue
        options = dict(OPTION.findall(embedded["options"]))
        try:
            source = (root / options["file"]).read_text(encoding="utf-8")
        except OSError as error:
            raise EmbedError(f"{options['file']}: {error.strerror}") from None
        if "symbol" in options:
            start, end = extract(source, options["symbol"])
            source = "\n".join(source.splitlines()[start - 1 : end])
        yield source


def names_in(source: str) -> set[str]:
    """Return the names that `source` uses and does not itself define or import."""
    tree = ast.parse(_dedent(source))
    defined, modules = _defined(tree), _modules(tree)
    used = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            used.add(node.id)
        elif isinstance(node, ast.Attribute) and _root(node) not in modules:
            used.add(node.attr)
        elif isinstance(node, ast.keyword) and node.arg:
            used |= {*node.arg.split("__")}  # a lookup such as `price__gte` has two names
    return used - defined


def names_in_quiz(lines: list[str], root: Path = ROOT) -> set[str]:
    """Return the names that the quiz of a page uses: in its code, and in backticks."""
    names = set()
    for match in filter(None, map(QUIZ.fullmatch, lines)):
        for one in read_quiz(match[1], root):
            answers = [text for answer in one.answers for text in (answer.text, answer.why)]
            for opening, text in _split([*one.question.splitlines(), *answers]):
                spans = [span[2] for span in SPAN.finditer(text)] if opening is None else [text]
                for source in spans:
                    # What is no Python is a command line, or what a command prints.
                    with suppress(SyntaxError):
                        names |= set() if FILE.fullmatch(source) else names_in(source)
    return names


def _split(lines):
    """Yield pairs: the opening line of a block and its text, or None and a line of prose."""
    rest = iter(lines)
    for line in rest:
        fence = ANY_FENCE.match(line)
        if fence:
            yield fence, "\n".join([*until_closed(rest, fence)][:-1])
        else:
            yield None, line


def _dedent(source):
    first = source[: len(source) - len(source.lstrip())]
    return re.sub(rf"^{first}", "", source, flags=re.MULTILINE) if first else source


def _defined(tree):
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            names.add(node.id if isinstance(node, ast.Name) else node.attr)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
    return names


def _modules(tree):
    """Return the names of imported modules of Python's own."""
    return {
        (alias.asname or alias.name).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name.partition(".")[0] in sys.stdlib_module_names
    }


def _root(node):
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def main() -> None:
    """Print the names, a line for each page; exit with 1 where there are any."""
    found = unexplained()
    for page, names in found.items():
        print(f"{page}: {', '.join(names)}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
