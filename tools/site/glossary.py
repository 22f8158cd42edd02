"""Tooltips for the terms of the glossary.

The glossary is a page with definition lists. On every other page, the first use of a term in the
text becomes an `abbr` with the definition as its tooltip. It can be reached with Tab, and a
finger that taps it focuses it. Headings, code, links and definition lists stay as they are.
"""

import re
from pathlib import Path
from xml.etree.ElementTree import Element

from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

UNTOUCHED = {"a", "code", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "label", "pre", "summary"}
MARKS = re.compile(r"\[([^\]]+)\]\([^)]*\)|[`*]")


def read_terms(text: str) -> dict[str, str]:
    """Return the definition of each term on a glossary page, both as plain text.

    A definition is the one line that starts with a colon; the lines right above it are its
    terms. A term in backticks is code, and has no tooltip.
    """
    terms = {}
    waiting = []
    for line in text.splitlines():
        if line.startswith(":   "):
            definition = MARKS.sub(r"\1", line[4:])
            terms |= {term.lower(): definition for term in waiting if not term.startswith("`")}
        elif line.strip():
            waiting.append(line.strip())
            continue
        waiting = []
    return terms


class TermTreeprocessor(Treeprocessor):
    def __init__(self, md, glossary: Path):
        super().__init__(md)
        self.terms = read_terms(glossary.read_text(encoding="utf-8"))
        # The longest first: "command line" before "command".
        words = "|".join(map(re.escape, sorted(self.terms, key=len, reverse=True)))
        self.pattern = re.compile(rf"(?<![\w-])({words})(?:e?s)?(?![\w-])", re.IGNORECASE)

    def run(self, root):
        self.unused = set(self.terms)
        self.mark(root)

    def mark(self, element):
        """Mark the terms in and below `element`, in the order in which they are read."""
        children = list(element)
        element.text, element[:0] = self.split(element.text)
        for child in children:
            if child.tag not in UNTOUCHED and child.get("class") != "admonition-title":
                self.mark(child)
            child.tail, marked = self.split(child.tail)
            after = list(element).index(child) + 1
            element[after:after] = marked

    def split(self, text):
        """Return what is before the first marked term, and the terms, each with what follows."""
        if not text:
            return text, []
        before, marked, end = text, [], 0
        for match in self.pattern.finditer(text):
            term = match[1].lower()
            if term not in self.unused:
                continue
            self.unused.remove(term)
            if marked:
                marked[-1].tail = text[end : match.start()]
            else:
                before = text[: match.start()]
            abbr = Element("abbr", {"title": self.terms[term], "tabindex": "0"})
            abbr.text = AtomicString(match[0])
            end = match.end()
            abbr.tail = text[end:]
            marked.append(abbr)
        return before, marked
