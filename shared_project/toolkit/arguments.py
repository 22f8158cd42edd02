"""Check what was typed on the command line.

An argument type is a function that turns what was typed into a value, or says what is wrong
with it. Each takes text, as argparse passes it, or a value, as `call_command(..., days=3)`
passes it unchecked. Each raises ArgumentTypeError with a message that completes "argument
TIMES: …".

Explained in chapter 2; tested in chapters/02/tests/test_arguments.py.
"""

import re
from argparse import ArgumentTypeError
from decimal import Decimal

from django.core.management.base import CommandError

from .text import quoted


def validate_option(argument_type, value, name):
    """Return `argument_type(value)`; raise CommandError naming the argument where it is refused.

    For values that may have come through `call_command` keywords, which skip argparse.
    """
    try:
        return argument_type(value)
    except ArgumentTypeError as error:
        raise CommandError(f"{name}: {error}") from None


def non_empty(value):
    """Return the text `value`; refuse one that is empty or nothing but white space."""
    if not isinstance(value, str) or not value.strip():
        raise ArgumentTypeError(f"must be a text that is not empty, not {quoted(value)}.")
    return value


def whole_number(low, high=None):
    """Return an argument type for whole numbers from `low` to `high`, both included."""
    bounds = f"of at least {low}" if high is None else f"from {low} to {high}"

    def parse(value):
        number = _integer(value)
        if number is None or number < low or (high is not None and number > high):
            raise ArgumentTypeError(f"must be a whole number {bounds}, not {quoted(value)}.")
        return number

    return parse


positive_number = whole_number(1)


def percentage(value):
    """Return `value` as an exact Decimal above -100, at most 10,000, in up to four places.

    A float is refused: 0.1 as a float is not a tenth. NaN, infinity and exponents are refused
    too. Within these bounds, ten digits of a price times the factor fit an integer of 63 bits.
    """
    text = str(value) if isinstance(value, (str, int, Decimal)) and value is not True else ""
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", text, re.ASCII):
        raise ArgumentTypeError(f"must be a number such as 10 or -2.5, not {quoted(value)}.")
    number = Decimal(text)
    if number <= -100:
        raise ArgumentTypeError(f"must be greater than -100, not {quoted(value)}.")
    if number > 10_000:
        raise ArgumentTypeError(f"must be at most 10000, not {quoted(value)}.")
    if number.as_tuple().exponent < -4:
        raise ArgumentTypeError(f"must have at most four decimal places, not {quoted(value)}.")
    return number


def _integer(value):
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    # int() also takes "1_000", " 3 " and digits of other scripts, and refuses 4,301 of them.
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d{1,4000}", value, re.ASCII):
        return int(value)
    return None
