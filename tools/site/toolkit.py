"""The page of the toolkit, made from its docstrings.

The docstring of a module begins with what it is for, as an order: "Walk through a table …". It
ends with a line such as:

    Explained in chapter 9; tested in chapters/09/tests/test_batches.py.
"""

import ast
import re
from pathlib import Path
from typing import NamedTuple

from shared_project.chapters import ROOT
from tools.site import sources
from tools.site.reference import as_html, table

TOOLKIT = "shared_project/toolkit"
LAST_LINE = re.compile(r"^Explained in chapter (\d+); tested in (\S+)\.$", re.MULTILINE)


class DocstringError(ValueError):
    """A module of the toolkit, or something public in it, does not say what it is for."""


class Module(NamedTuple):
    """What the page says of one module; `names` has a line number and a sentence for each."""

    name: str
    purpose: str
    chapter: int
    test: str
    names: dict[str, tuple[int, str]]


def modules(root: Path = ROOT) -> list[Module]:
    """Return the modules of the toolkit in `root`. Raises DocstringError."""
    files = sorted((root / TOOLKIT).glob("[!_]*.py"))
    return [_module(file, root) for file in files]


def toolkit_table(root: Path = ROOT) -> list[str]:
    """Return the Markdown lines of the page: what one may need, then each module's names."""
    found = modules(root)
    pages = {
        int(page.name[:2]): page.stem for page in (root / "docs/production").glob("[0-9]*.md")
    }
    rows = [
        [
            as_html(f"{module.purpose[0].lower()}{module.purpose[1:]}"),
            f'<a href="#{module.name}"><code>{module.name}</code></a>',
            f'<a href="../production/{pages[module.chapter]}.html">{module.chapter}</a>',
            f'<a href="{sources.href(module.test)}">{module.test.rpartition("/")[2]}</a>',
        ]
        for module in found
    ]
    lines = table(["I need to …", "Module", "In production", "Tests"], rows)
    for module in found:
        file = f"{TOOLKIT}/{module.name}.py"
        lines += [f"## {module.name}", "", f"{module.purpose}."]
        lines += table(
            [],
            [
                [f'<a href="{sources.href(file, line)}"><code>{name}</code></a>', as_html(text)]
                for name, (line, text) in module.names.items()
            ],
        )
    return lines


def _module(file, root):
    tree = ast.parse(file.read_text(encoding="utf-8"))
    docstring = ast.get_docstring(tree) or ""
    last = LAST_LINE.search(docstring)
    if not last:
        raise DocstringError(f"{file.name}: its docstring must end: Explained in chapter …")
    if not (root / last[2]).exists():
        raise DocstringError(f"{file.name}: there is no {last[2]}")
    names = {}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            text = ast.get_docstring(node)
            if not text:
                raise DocstringError(f"{file.name}: {node.name} has no docstring")
            names[node.name] = (node.lineno, " ".join(text.split("\n\n")[0].split()))
    purpose = docstring.split("\n")[0].removesuffix(".")
    return Module(file.stem, purpose, int(last[1]), last[2], names)
