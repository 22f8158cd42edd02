"""Check the rows of a file against the fields of a model.

Explained in chapter 5; tested in chapters/05/tests/test_rows.py.
"""

import re
from collections import Counter

from django.db import models

from .json_array import Number
from .names import is_plain_name, name_problem
from .text import quoted

PLAIN_NUMBER = re.compile(r"(?P<sign>-?)(?P<whole>0|[1-9][0-9]*)(\.[0-9]+)?")


class Text:
    """The rule for a name that fits a CharField, and looks like no other that may be stored."""

    def __init__(self, field):
        self.max_length = field.max_length

    def allows(self, value: object) -> bool:
        return type(value) is str and len(value) <= self.max_length and is_plain_name(value)

    def problem(self, value: object) -> str:
        if type(value) is not str:
            return f"must be a text, not {described(value)}"
        if len(value) > self.max_length:
            return f"must have at most {self.max_length} characters, not {len(value):,}"
        problem = name_problem(value)
        return f"{problem}: {quoted(value)}" if value.strip() else problem


class Price:
    """The rule for a price that fits a DecimalField to the last place, and is not negative."""

    def __init__(self, field):
        self.places = field.decimal_places
        self.digits = field.max_digits - field.decimal_places
        self.allowed = re.compile(
            rf"(0|[1-9][0-9]{{0,{self.digits - 1}}})(\.[0-9]{{1,{self.places}}})?"
        ).fullmatch

    def allows(self, value: object) -> bool:
        # A text such as "10.99" is welcome: it is how Django writes a Decimal to JSON.
        return isinstance(value, str) and self.allowed(value) is not None

    def problem(self, value: object) -> str:
        plain = isinstance(value, str) and PLAIN_NUMBER.fullmatch(value)
        if not plain:
            return f"must be a number such as 10.99, not {described(value)}"
        if plain["sign"]:
            return f"must not be negative: {quoted(value)}"
        if len(plain["whole"]) > self.digits:
            return f"must have at most {self.digits} digits before the point: {quoted(value)}"
        return f"must have at most {self.places} decimal places: {quoted(value)}"


RULES = {models.CharField: Text, models.DecimalField: Price}


def rules_for(model: type[models.Model], *names: str) -> dict[str, Text | Price]:
    """Return the rule for each field of `model` that `names` has, a CharField or DecimalField."""
    fields = [model._meta.get_field(name) for name in names]
    return {field.name: RULES[type(field)](field) for field in fields}


def check_row(
    row: object, rules: dict[str, Text | Price]
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Return the values of `row` that are right, and the errors as pairs of field and problem.

    `row` comes from `ArrayReader`. The field is empty where the error is about the whole row.
    """
    if type(row) is not tuple:
        return {}, [("", f"must be an object, not {described(row)}")]
    values = dict(row)
    errors = []
    if len(values) != len(row):
        counts = Counter(key for key, _ in row)
        errors += [("", f"{quoted(key)} is given twice") for key in counts if counts[key] > 1]
    if values.keys() != rules.keys():
        errors += [(key, "is missing") for key in rules if key not in values]
        errors += [
            ("", f"{quoted(key)} is not a field here") for key in values if key not in rules
        ]
    for field, rule in rules.items():
        if field in values and not rule.allows(values[field]):
            errors.append((field, rule.problem(values.pop(field))))
    return values, errors


def described(value: object) -> str:
    """Return how an error message calls a value that `ArrayReader` has read."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Number):
        return f"the number {quoted(value)}"
    if isinstance(value, str):
        return quoted(value)
    return "an object" if isinstance(value, tuple) else "a list"
