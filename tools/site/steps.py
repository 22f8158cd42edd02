"""A step of a chapter, shown as its difference from the step before.

    ```python file="chapters/05/steps/2_check.py" since="chapters/05/steps/1_first_draft.py"
    ```

shows the whole file: new lines are marked, unchanged stretches folded, and lines that are gone
struck out. `since=""` shows a first step, with nothing marked. The difference is worked out while
the site is built, so no mark on a page can be wrong.

A line `[steps]` becomes a bar with links to the sections of its page, which stays in sight.
"""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from html import escape
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from markdown.extensions.toc import slugify
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

CONTEXT = 2  # unchanged lines that stay in sight on both sides of a change
SHORTEST_FOLD = 4  # fewer unchanged lines are no trouble to read
DEFINITION = re.compile(r"( *)(?:async )?(?:def|class) (\w+)")
# Where a phone may break a line: after a point or a parenthesis.
BREAK = re.compile(r'((?<!/)[.(](?:</span>)?)(?=[\w<*"])(?!</s>)')
SPOKEN = {"new": "new: ", "gone": "gone: ", "moved": "indented: "}
TAGS = {"new": "ins", "gone": "del"}
SECTION = re.compile(r"^## (.+?)(?: *\{[^}]*\})?$", re.MULTILINE)
STEP_TITLE = re.compile(r"Step (\d): (.+)")


class Line(NamedTuple):
    """A line of a difference. `index` counts in the old file where it is gone, else in the new."""

    kind: str  # same, new, gone, or moved: only its indent is another one
    index: int


def compare(old: list[str], new: list[str]) -> list[Line]:
    """Return the lines of both files in the order to show them."""
    result = []
    matcher = SequenceMatcher(
        None, [line.strip() for line in old], [line.strip() for line in new], autojunk=False
    )
    for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            for before, after in zip(
                range(old_start, old_end), range(new_start, new_end), strict=True
            ):
                result.append(Line("same" if old[before] == new[after] else "moved", after))
        else:
            result += [Line("gone", index) for index in range(old_start, old_end)]
            result += [Line("new", index) for index in range(new_start, new_end)]
    return result


def find_visible(lines: list[Line], new: list[str]) -> set[int]:
    """Return the positions in `lines` that stay in sight.

    They are the changes, a few lines around each, and the definition that a change stands in.
    """
    changes = [position for position, line in enumerate(lines) if line.kind != "same"]
    visible = {near for at in changes for near in range(at - CONTEXT, at + CONTEXT + 1)}
    positions = {line.index: at for at, line in enumerate(lines) if line.kind != "gone"}
    for at in changes:
        kind, index = lines[at]
        if kind != "gone" and new[index].strip():
            visible |= {positions[above] for above in _enclosing(new, index)}
    return visible


def _enclosing(lines, index):
    """Yield the index of the innermost definition around a line, if there is one."""
    indent = _indent(lines[index])
    for above in range(index, -1, -1):
        definition = DEFINITION.match(lines[above])
        if definition and len(definition[1]) < indent:
            yield above
            return


def _indent(line):
    return len(line) - len(line.lstrip())


def step_html(source: str, before: str | None, *, language: str, name: str, title: str,
              attributes: dict[str, object]) -> str:  # fmt: skip
    """Return a step's file `source` as HTML.

    `before` is the file of the step before, or None. `title` is HTML; `name` is for screen
    readers.
    """
    new = source.splitlines()
    old = new if before is None else before.splitlines()
    lines = compare(old, new)
    visible = {*range(len(lines))} if before is None else find_visible(lines, new)
    lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    colored = highlight(source, lexer, HtmlFormatter(nowrap=True)).split("\n")
    rendered = list(_render(lines, old, new, colored))
    parts = []
    for is_visible, positions in groupby(range(len(lines)), visible.__contains__):
        positions = [*positions]
        block = f"<pre><code>{''.join(rendered[at] for at in positions)}</code></pre>"
        if not is_visible and len(positions) >= SHORTEST_FOLD:
            block = _fold(block, [new[lines[at].index] for at in positions])
        parts.append(block)
    kinds = [line.kind for line in lines]
    counts = [f"{kinds.count(kind)} {kind}" for kind in ("new", "gone") if kind in kinds]
    count = f'<span class="step-count">{", ".join(counts) or f"{len(new)} lines"}</span>'
    data = "".join(f' {key}="{escape(str(value))}"' for key, value in attributes.items())
    return (
        f'<div class="highlight step no-copy"{data}><span class="filename">{title}{count}</span>'
        f'<div class="step-code" tabindex="0" role="region" aria-label="{escape(name)}">'
        f"{''.join(parts)}</div></div>"
    )


def _fold(block, texts):
    names = [f"<code>{found[2]}</code>" for text in texts if (found := DEFINITION.match(text))]
    what = f": {', '.join(names)}" if names else ""
    # A search finds a line in the step that brings it, and in no later one.
    return (
        f"<details data-search-exclude><summary>{len(texts)} lines as before{what}</summary>"
        f"{block}</details>"
    )


def _render(lines: list[Line], old, new, colored) -> Iterator[str]:
    kind_above = "same"
    for kind, index in lines:
        text = (old if kind == "gone" else new)[index]
        indent = _indent(text)
        if kind == "gone":
            html = f"<s>{escape(text.strip())}</s>"
        else:
            html = colored[index].replace(" " * indent, "", 1)  # may be in a string's element
        html = BREAK.sub(r"\1<wbr>", html)
        if indent:
            html = f'<span class="indent">{" " * indent}</span>{html}'
        if kind not in ("same", kind_above):
            html = f'<span class="only-spoken">{SPOKEN[kind]}</span>{html}'
        extra = " data-search-exclude" if kind == "gone" else f' data-number="{index + 1}"'
        tag = TAGS.get(kind, "span")
        yield f'<{tag} class="line {kind}"{extra} style="--indent:{indent}">{html}\n</{tag}>'
        kind_above = kind


def read_steps(path: str, since: str, root: Path) -> tuple[str, str | None]:
    """Return the text of the step's file, and that of the one before it or None.

    Raises OSError.
    """
    before = (root / since).read_text(encoding="utf-8") if since else None
    return (root / path).read_text(encoding="utf-8"), before


def steps_bar(lines: list[str]) -> list[str]:
    """Return the Markdown lines of the bar with the sections of the page with `lines`."""
    items = []
    for title in SECTION.findall("\n".join(lines)):
        title = title.replace("`", "")
        anchor = slugify(title, "-")
        step = STEP_TITLE.fullmatch(title)
        number = f'<span class="step-number">{step[1]}</span> ' if step else ""
        text = escape(step[2] if step else title)
        items.append(f'<li><a href="#{anchor}">{number}<span>{text}</span></a></li>')
    bar = f'<nav class="steps-bar" aria-label="On this page"><ol>{"".join(items)}</ol></nav>'
    return ["", bar, ""]
