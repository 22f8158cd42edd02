"""Turn the bytes of a feed into records that fit Product, or say what is wrong with them."""

import json
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from shared_project.shop.models import Product
from shared_project.toolkit.names import name_problem
from shared_project.toolkit.text import quoted

MAX_ELEMENT = 64 * 1024  # characters
WINDOW = 2 * MAX_ELEMENT
KINDS = {
    tuple: "an object",
    list: "a list",
    str: "a text",
    Decimal: "a number",
    bool: "true or false",
    type(None): "null",
}
SPACE = re.compile(r"[ \t\n\r]*")
COMMA = re.compile(r"[ \t\n\r]*,[ \t\n\r]*")


class Record(NamedTuple):
    name: str
    price: Decimal
    category: str


def parse(data: bytes, name: str) -> Iterator:
    """Yield the elements of the JSON array `data`, one at a time.

    An object becomes a tuple of pairs, so that a repeated key is not lost; a number becomes a
    Decimal, never a float. Raises CommandError, naming the feed, where `data` is no such array,
    or one of its elements longer than MAX_ELEMENT: read at once, they could take fifty times the
    memory of their text.
    """
    try:
        yield from elements(data.decode("utf-8-sig"), name)
    except UnicodeDecodeError as error:
        raise CommandError(f"{name}: not UTF-8 (byte {error.start}).") from None
    except json.JSONDecodeError as error:
        raise CommandError(f"{name}: not JSON: {error}.") from None
    except RecursionError:
        raise CommandError(f"{name}: nested too deeply.") from None


def elements(text: str, name: str) -> Iterator:
    def skip_space(position):
        return SPACE.match(text, position).end()

    position = skip_space(0)
    if position == len(text):
        raise json.JSONDecodeError("Expecting value", text, position)
    opened = text[position] == "["
    position = skip_space(position + 1)
    if not opened or text.startswith("]", position):
        raise CommandError(f"{name}: must be a JSON array with at least one object in it.")
    start, window = 0, ""  # the part of the text that the decoder sees, and where it starts
    comma = True
    while comma:
        end = start + len(window)
        if end - position <= MAX_ELEMENT and end < len(text):
            start, window = position, text[position : position + WINDOW]
        element, end = decode(window, position - start, text, start, name)
        yield element
        position = start + end
        if comma := COMMA.match(text, position):
            position = comma.end()
    position = skip_space(position)
    if not text.startswith("]", position):
        raise json.JSONDecodeError("Expecting ',' delimiter", text, position)
    position = skip_space(position + 1)
    if position < len(text):
        raise json.JSONDecodeError("Extra data", text, position)


def decode(window: str, position: int, text: str, start: int, name: str) -> tuple[object, int]:
    """Return the element at `position` of `window`, which begins at `start` of `text`; its end."""
    try:
        element, end = DECODER.raw_decode(window, position)
    except json.JSONDecodeError as error:
        # The fault may be where the window ends, or in a string that goes on beyond.
        at_end = error.pos > len(window) - 16 or error.msg.startswith("Unterminated string")
        if not at_end or start + len(window) == len(text):
            raise json.JSONDecodeError(error.msg, text, start + error.pos) from None
        end = len(window)
    if end - position > MAX_ELEMENT:
        line = text.count("\n", 0, start + position) + 1
        raise CommandError(
            f"{name}: the record that begins in line {line} is longer than "
            f"{MAX_ELEMENT:,} characters."
        )
    return element, end


def number(text: str) -> Decimal:
    """Return the JSON number `text` exactly; NaN where it is beyond what a Decimal can hold."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")


DECODER = json.JSONDecoder(
    object_pairs_hook=tuple, parse_float=number, parse_int=number, parse_constant=number
)


def check_records(elements: Iterable) -> Iterator[tuple[Record | None, list[tuple[str, str]]]]:
    """Yield each element as a record, and its problems as pairs of field and message.

    Where there are any, there is no record.
    """
    rows = {}
    for row, element in enumerate(elements, 1):
        record, found = None, problems(element)
        if not found:
            record = Record(**dict(element))
            first = rows.setdefault(record.name, row)
            if first != row:
                record, found = None, [("name", f"stands in record {first} already.")]
        yield record, found


def problems(element) -> list[tuple[str, str]]:
    """Return what is wrong with one element of the feed, as pairs of field and message."""
    if not isinstance(element, tuple):
        return [("record", f"must be an object, not {KINDS[type(element)]}.")]
    record = dict(element)
    found = {field: type_problem(field, record) for field in Record._fields}
    found = {field: message for field, message in found.items() if message}
    if len(record) < len(element):
        found["record"] = "has a key twice."
    unknown = next((key for key in record if key not in Record._fields), None)
    if unknown is not None:
        found[quoted(unknown)] = "is not a field."
    try:
        product = Product(**{field: record.get(field) for field in Record._fields})
        product.clean_fields(exclude=found.keys())
    except ValidationError as error:
        found |= {field: " ".join(messages) for field, messages in error.message_dict.items()}
    return list(found.items())


def type_problem(field, record):
    if field not in record:
        return "is missing."
    value = record[field]
    wanted = Decimal if field == "price" else str
    if not isinstance(value, wanted):
        return f"must be {KINDS[wanted]}, not {KINDS[type(value)]}."
    problem = name_problem(value) if wanted is str else ""
    return f"{problem}." if problem else ""
