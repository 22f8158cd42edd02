"""Turn rows into CSV, JSON or XML, a batch at a time.

Every writer has the same four methods: `head`, `batch` and `tail` return pieces of the file in
their order, and `note` says what was changed so that the file is safe to open, if anything was.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

from export.columns import is_text

# What makes a spreadsheet run a cell instead of showing it: https://owasp.org/www-community/
# attacks/CSV_Injection. Spaces count, because some programs trim them.
FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
FORMULA_HEADS = frozenset("=+-@\uff1d\uff0b\uff0d\uff20\t\r\n")

# What no XML 1.0 document may hold, not even escaped: https://www.w3.org/TR/xml/#charsets.
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Writer:
    count = 0

    def pieces(self, batches: Iterable[list[tuple]]) -> Iterator[str]:
        """Yield the whole file in pieces; `count` is the number of rows so far."""
        yield self.head()
        for rows in batches:
            yield self.batch(rows)
            self.count += len(rows)
        yield self.tail()

    def note(self) -> str:
        return ""


class CsvWriter(Writer):
    """CSV with a header; cells that a spreadsheet would run get an apostrophe, unless `raw`."""

    def __init__(self, fields: list[str], *, raw: bool):
        self.fields = fields
        self.texts = [] if raw else [i for i, field in enumerate(fields) if is_text(field)]
        self.neutralized = 0

    def head(self):
        return self.lines([self.fields])

    def batch(self, rows):
        if self.has_formulas(rows):
            rows = [self.neutralize(row) for row in rows]
        return self.lines(rows)

    def tail(self):
        return ""

    def note(self):
        if not self.neutralized:
            return ""
        return (
            f"Cells that began like a formula and got an apostrophe: {self.neutralized} "
            "(--raw leaves them as they are)."
        )

    def lines(self, rows, quoting=csv.QUOTE_MINIMAL):
        file = io.StringIO(newline="")
        csv.writer(file, lineterminator="\n", quoting=quoting).writerows(rows)
        text = file.getvalue()
        if "\r" in text and quoting == csv.QUOTE_MINIMAL:
            # Before Python 3.13, a cell with a carriage return stays without its quotes.
            return self.lines(rows, csv.QUOTE_ALL)
        return text

    def has_formulas(self, rows):
        # The first characters cost a quarter of a regular expression for every cell, and nearly
        # all batches need no more.
        heads = {row[i] and row[i][:1] for i in self.texts for row in rows}
        return any(head and (head in FORMULA_HEADS or head.isspace()) for head in heads)

    def neutralize(self, row):
        cells = list(row)
        for i in self.texts:
            if cells[i] and FORMULA.match(cells[i]):
                cells[i] = f"'{cells[i]}"
                self.neutralized += 1
        return cells


class JsonWriter(Writer):
    """A JSON array, one object a line."""

    def __init__(self, fields: list[str], **options):
        self.fields = fields
        self.encode = json.JSONEncoder(ensure_ascii=False).encode
        self.separator = "\n"

    def head(self):
        return "["

    def batch(self, rows):
        objects = [self.encode(dict(zip(self.fields, row, strict=True))) for row in rows]
        text = self.separator + ",\n".join(objects)
        self.separator = ",\n"
        return text

    def tail(self):
        return "\n]\n"


class XmlWriter(Writer):
    """XML, one `user` a line; characters that XML cannot hold become U+FFFD."""

    def __init__(self, fields: list[str], **options):
        cells = "".join(f"<{field}>%s</{field}>" for field in fields)
        self.line = f"<user>{cells}</user>\n"
        self.replaced = 0

    def head(self):
        return '<?xml version="1.0" encoding="UTF-8"?>\n<users>\n'

    def batch(self, rows):
        return "".join([self.line % tuple(map(self.cell, row)) for row in rows])

    def tail(self):
        return "</users>\n"

    def note(self):
        if not self.replaced:
            return ""
        return f"Characters that XML cannot hold and became \ufffd: {self.replaced}."

    def cell(self, value):
        if value is None:
            return ""
        if not isinstance(value, str):
            return json.dumps(value)
        if value.isprintable():
            return escape(value)
        value, count = NOT_XML.subn("\ufffd", value)
        self.replaced += count
        # A parser turns a carriage return that is not escaped into a newline.
        return escape(value, {"\r": "&#13;"})


WRITERS = {"csv": CsvWriter, "json": JsonWriter, "xml": XmlWriter}
