"""Tested code on a page, named by symbol.

An empty fenced block with a `file` is filled from that file when the site is built:

    ```python file="chapters/05/errors/prices.py" symbol="parse_price"
    ```

- `symbol`: a dotted name (`Command.handle`); without it, the whole file.
- `first` and `last`: instead of a symbol, texts that the first and the last line hold.
- `highlight`: texts, separated by ` | `; the lines that hold one of them are highlighted.
- `id`: an id for the block, from which the ids of its lines are made.
- `since`: the file of the step before; the block shows the difference (see `steps.py`).
- `name`: with `since`, the title of a file that no page shows whole and that nobody edits.

The block gets the file's own line numbers and, unless it has an `id`, a title: the file's path, as
a link to these lines in the whole file. Where attr_list is on, the block also says where its code
is from (`data-path`, `data-line` and `data-symbol`), for the editor in the page, and `data-build`
where that editor has the file. A file, symbol or text that is not there fails the build.
"""

import ast
import re
import textwrap
from html import escape
from pathlib import Path, PurePosixPath

from markdown.preprocessors import Preprocessor

from shared_project.chapters import ROOT
from tools.site.packing import current_build, is_packed
from tools.site.sources import SourceError, href
from tools.site.steps import read_steps, step_html

FENCE = re.compile(r'^(?P<indent> *)```(?P<language>\w+) (?P<options>file=".*")$')
OPTION = re.compile(r'(\w+)="([^"]*)"')
OPTIONS = {"file", "symbol", "first", "last", "highlight", "id", "since", "name"}


class EmbedError(ValueError):
    """A page names code that is not there."""


def extract(source: str, symbol: str) -> tuple[int, int]:
    """Return the first and the last line number of `symbol` in `source`, decorators included.

    Raises EmbedError where the symbol is not defined.
    """
    body = ast.parse(source).body
    node = None
    for name in symbol.split("."):
        node = next((node for node in body if name in _names(node)), None)
        if node is None:
            raise EmbedError(f"no symbol {symbol}")
        body = getattr(node, "body", [])
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)]), node.end_lineno


def _names(node):
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node, ast.AnnAssign):
        return [ast.unparse(node.target)]
    return [getattr(node, "name", None)]


def embed(options: dict[str, str], root: Path = ROOT) -> tuple[str, int, list[int]]:
    """Return the code that `options` name, its first line number, and the highlighted lines.

    Highlighted lines are counted from 1 within the code. Raises EmbedError.
    """
    path = options["file"]
    if unknown := options.keys() - OPTIONS:
        raise EmbedError(f"{path}: unknown option {', '.join(sorted(unknown))}")
    try:
        source = (root / path).read_text(encoding="utf-8")
    except OSError as error:
        raise EmbedError(f"{path}: {error.strerror}") from None
    lines = source.splitlines()
    start, end = 1, len(lines)
    try:
        if "symbol" in options:
            start, end = extract(source, options["symbol"])
        elif "first" in options:
            start = _find(lines, options["first"], 0) + 1
            end = _find(lines, options.get("last", options["first"]), start - 1) + 1
    except EmbedError as error:
        raise EmbedError(f"{path}: {error}") from None
    code = lines[start - 1 : end]
    highlighted = set()
    for text in options["highlight"].split(" | ") if "highlight" in options else []:
        found = {number for number, line in enumerate(code, 1) if text in line}
        if not found:
            raise EmbedError(f"{path}: no line to highlight holds {text!r}")
        highlighted |= found
    return textwrap.dedent("\n".join(code)), start, sorted(highlighted)


def _find(lines, text, start):
    for index in range(start, len(lines)):
        if text in lines[index]:
            return index
    raise EmbedError(f"no line holds {text!r}")


def chapter_list(root: Path = ROOT) -> list[str]:
    """Return the Markdown lines that list the chapters' pages, each with its description."""
    lines = []
    for page in sorted((root / "docs" / "chapters").glob("*.md")):
        if page.name.startswith("00-"):  # the set-up is not a chapter
            continue
        text = page.read_text(encoding="utf-8")
        title = re.search(r"^# \d+\. (.+)$", text, re.MULTILINE)
        description = re.search(r"^description: (.+)$", text, re.MULTILINE)
        if not title or not description:
            raise EmbedError(f"{page.name} needs a title `# N. …` and a description")
        lines.append(f"1. [{title[1]}](chapters/{page.name}) <span>{description[1]}</span>")
    return lines


def count_lines(name: str, root: Path = ROOT) -> str:
    """Return how many lines a file has, or a symbol in it (`PATH::SYMBOL`). Raises EmbedError."""
    start, end = find_lines(name, root)
    return str(end - start + 1)


def link_to_test(name: str, root: Path = ROOT, text: str = "") -> str:
    """Return a link to a test (`PATH::NAME`) in its whole file. Raises EmbedError.

    It shows `text`, or else the name of the test.
    """
    path, _, symbol = name.partition("::")
    start, _ = find_lines(name, root)
    return f'<a href="{href(path, start)}">{text or f"<code>{symbol}</code>"}</a>'


def find_lines(name: str, root: Path = ROOT) -> tuple[int, int]:
    """Return the first and the last line number of `PATH` or `PATH::SYMBOL`. Raises EmbedError."""
    path, _, symbol = name.partition("::")
    try:
        source = (root / path).read_text(encoding="utf-8")
        return extract(source, symbol) if symbol else (1, len(source.splitlines()))
    except (OSError, EmbedError) as error:
        raise EmbedError(f"{name}: {error}") from None


class EmbedPreprocessor(Preprocessor):
    def run(self, lines):
        result = []
        rest = iter(lines)
        for line in rest:
            if match := FENCE.match(line):
                if next(rest, "").strip() != "```":
                    raise EmbedError(f"{line.strip()}: the block must be empty")
                result += self.block(**match.groupdict())
            else:
                result.append(line)
        return result

    def block(self, indent, language, options):
        options = dict(OPTION.findall(options))
        if "since" in options:
            return [indent + self.md.htmlStash.store(step_block(options, language))]
        code, start, highlighted = embed(options)
        lines = code.splitlines()
        # Longer than any in the code, so that none of them ends the block.
        marks = "`" * max(3, 1 + max(map(len, re.findall("`+", code)), default=0))
        attributes = {"linenums": start, **where_from(options, start)}
        if highlighted:
            attributes["hl_lines"] = " ".join(map(str, highlighted))
        name = f".{language}"
        if "id" in options:
            name += f" #{options['id']}"
        else:
            # Fences know titles of plain text only; Markdown puts the link in at the end.
            title = link(options, start, start + len(lines) - 1)
            attributes["title"] = self.md.htmlStash.store(title)
        texts = (f'{key}="{value}"' for key, value in attributes.items())
        head = f"{marks} {{{name} {' '.join(texts)}}}"
        return [f"{indent}{line}" for line in [head, *lines, marks]]


def step_block(options: dict[str, str], language: str) -> str:
    """Return the HTML of a step as its difference from the step before. Raises EmbedError."""
    path = options["file"]
    if options.keys() - {"name"} != {"file", "since"}:
        raise EmbedError(f"{path}: since goes with file and name alone")
    try:
        source, before = read_steps(path, options["since"], ROOT)
    except OSError as error:
        raise EmbedError(f"{error.filename}: {error.strerror}") from None
    if name := options.get("name"):
        title, attributes = escape(name), {}
    else:
        name = path
        title, attributes = link(options, 1, len(source.splitlines())), where_from(options, 1)
    return step_html(
        source,
        before,
        language=language,
        name=PurePosixPath(name).name,
        title=title,
        attributes=attributes,
    )


def where_from(options: dict[str, str], start: int) -> dict[str, object]:
    """Return the attributes that tell the editor in the page where the code is from."""
    attributes = {"data-path": options["file"], "data-line": start}
    if "symbol" in options:
        attributes["data-symbol"] = options["symbol"]
    if is_packed(options["file"]) and (build := current_build()):
        attributes["data-build"] = build
    return attributes


def link(options: dict[str, str], start: int, end: int) -> str:
    """Return the HTML link to the lines from `start` to `end` in the whole file."""
    path = options["file"]
    try:
        target = href(path, start)
    except SourceError as error:
        raise EmbedError(str(error)) from None
    if options.keys().isdisjoint({"symbol", "first"}):
        return f'<a href="{target}">{path}</a>'
    lines = f"line {start}" if start == end else f"lines {start}–{end}"
    return f'<a href="{target}">{path}<span> {lines}</span></a>'
