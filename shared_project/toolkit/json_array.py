"""Read a JSON array of any size, one element in memory at a time.

Explained in chapter 5; tested in chapters/05/tests/test_reading.py.
"""

import codecs
import json
import re
from collections.abc import Iterator
from typing import BinaryIO

from django.core.management.base import CommandError

BLOCK = 64 * 1024  # bytes
MAX_ELEMENT = 64 * 1024  # characters

SPACE = re.compile(r"[ \t\n\r]*")


class Number(str):
    """A number as the file spells it: as a float, 10.99 would no longer be 10.99."""

    __slots__ = ()


DECODER = json.JSONDecoder(
    # A dict would keep the last of two equal keys and forget the first.
    object_pairs_hook=tuple,
    parse_float=Number,
    parse_int=Number,
    parse_constant=Number,
)


class ArrayReader:
    """Iterate over the elements of the JSON array in `file`, which `name` stands for in errors.

    An object comes as a tuple of its (key, value) pairs, an array as a list, a number (NaN and
    Infinity among them) as a `Number`. The file is UTF-8, with or without a byte order mark; an
    element has at most MAX_ELEMENT characters. Raises CommandError, with line and column, where
    the file is something else.
    """

    def __init__(self, file: BinaryIO, name: str):
        self._file = file
        self._name = name
        self._decode = codecs.getincrementaldecoder("utf-8-sig")().decode
        self._text = ""  # what was read and is not done with,
        self._position = 0  # what comes next in it,
        self._line, self._column = 1, 1  # and where in the file it begins
        self._ended = False

    def __iter__(self) -> Iterator[object]:
        if self._next_char() != "[":
            raise self._error("Expecting '[', a JSON array of rows", self._position)
        self._position += 1
        if self._next_char() == "]":
            self._position += 1
        else:
            yield self._element()
            while self._separator() == ",":
                self._next_char()
                yield self._element()
        if self._next_char():
            raise self._error("Expecting nothing after the array", self._position)

    def _separator(self):
        char = self._next_char()
        if char not in (",", "]"):
            raise self._error("Expecting ',' or ']'", self._position)
        self._position += 1
        return char

    def _next_char(self):
        """Go to the next character that is no white space; return it, "" at the end."""
        while True:
            self._position = SPACE.match(self._text, self._position).end()
            if self._position < len(self._text):
                return self._text[self._position]
            if self._ended:
                return ""
            self._read_block()

    def _element(self):
        while True:
            problem = None
            try:
                value, end = DECODER.raw_decode(self._text, self._position)
            except json.JSONDecodeError as error:
                problem, end = error, error.pos
                if problem.msg.startswith("Unterminated string"):  # it names the string's start
                    end = len(self._text)
            except RecursionError:
                raise self._error("Nested too deeply", self._position) from None
            if end - self._position > MAX_ELEMENT:
                raise self._error(f"More than {MAX_ELEMENT:,} characters in a row", self._position)
            # Digits at the end of the text may be half a number.
            if problem is None and (end < len(self._text) or self._ended):
                self._position = end
                return value
            # So may a fault be half a row, until there is more text than a row may have.
            if problem and (self._ended or len(self._text) - self._position > MAX_ELEMENT):
                raise self._error(problem.msg, problem.pos)
            self._read_block()

    def _read_block(self):
        self._line, self._column = self._place(self._position)
        self._text = self._text[self._position :]
        self._position = 0
        try:
            block = self._file.read(BLOCK)
        except OSError as error:
            raise CommandError(f"{self._name}: {error.strerror}.") from None
        try:
            self._text += self._decode(block, final=not block)
        except UnicodeDecodeError as error:
            line = self._place(len(self._text))[0] + error.object.count(b"\n", 0, error.start)
            raise CommandError(f"{self._name}: line {line}: not UTF-8 text.") from None
        self._ended = not block

    def _place(self, position):
        """Return the line and the column in the file of a position in the text."""
        newline = self._text.rfind("\n", 0, position)
        if newline < 0:
            return self._line, self._column + position
        return self._line + self._text.count("\n", 0, position), position - newline

    def _error(self, text, position):
        line, column = self._place(position)
        return CommandError(f"{self._name}: line {line}, column {column}: {text}.")
