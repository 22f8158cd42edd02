"""Turn the bytes of a feed into records that fit Product, or say what is wrong with them."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from greet.text import quoted
from shared_project.shop.models import Product

FIELDS = ("name", "price", "category")
KINDS = {
    tuple: "an object",
    list: "a list",
    str: "a text",
    Decimal: "a number",
    bool: "true or false",
    type(None): "null",
}
UNSTORABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def parse(data: bytes, name: str) -> list:
    """Return the elements of the JSON array `data`.

    An object becomes a tuple of pairs, so that a repeated key is not lost; a number becomes a
    Decimal, never a float. Raises CommandError, naming the feed, where `data` is no such array.
    """
    try:
        elements = json.loads(
            data.decode("utf-8-sig"),
            object_pairs_hook=tuple,
            parse_float=number,
            parse_int=number,
            parse_constant=number,
        )
    except UnicodeDecodeError as error:
        raise CommandError(f"{name}: not UTF-8 (byte {error.start}).") from None
    except json.JSONDecodeError as error:
        raise CommandError(f"{name}: not JSON: {error}.") from None
    except RecursionError:
        raise CommandError(f"{name}: nested too deeply.") from None
    if not isinstance(elements, list) or not elements:
        raise CommandError(f"{name}: must be a JSON array with at least one object in it.")
    return elements


def number(text: str) -> Decimal:
    """Return the JSON number `text` exactly; NaN where it is beyond what a Decimal can hold."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")


def bad_records(elements: list) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """Yield the row, counted from 1, and the problems of every element that has any."""
    rows = {}
    for row, element in enumerate(elements, 1):
        found = problems(element)
        if not found:
            first = rows.setdefault(dict(element)["name"], row)
            if first != row:
                found = [("name", f"stands in record {first} already.")]
        if found:
            yield row, found


def problems(element) -> list[tuple[str, str]]:
    """Return what is wrong with one element of the feed, as pairs of field and message."""
    if not isinstance(element, tuple):
        return [("record", f"must be an object, not {KINDS[type(element)]}.")]
    record = dict(element)
    found = {field: type_problem(field, record) for field in FIELDS}
    found = {field: message for field, message in found.items() if message}
    if len(record) < len(element):
        found["record"] = "has a key twice."
    unknown = next((key for key in record if key not in FIELDS), None)
    if unknown is not None:
        found[quoted(unknown)] = "is not a field."
    try:
        product = Product(**{field: record.get(field) for field in FIELDS})
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
    if wanted is str and UNSTORABLE.search(value):
        return "holds a control character."
    if wanted is str and value != value.strip():
        return "has white space around it."
    return ""
