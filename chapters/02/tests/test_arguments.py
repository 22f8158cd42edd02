from argparse import ArgumentTypeError
from decimal import Decimal

import pytest
from django.core.management.base import CommandError

from shared_project.toolkit.arguments import (
    non_empty,
    percentage,
    positive_number,
    validate_option,
    whole_number,
)


@pytest.mark.parametrize(
    ("value", "number"), [("1", 1), ("+7", 7), (3, 3), ("9" * 30, int("9" * 30))]
)
def test_positive_number_accepts(value, number):
    assert positive_number(value) == number


@pytest.mark.parametrize(
    "value",
    [
        "0",
        "-3",
        0,
        -1,
        "",
        " 3 ",
        "3.0",
        3.0,
        "1e3",
        "1_000",
        "٣",
        "three",
        "nan",
        None,
        True,
        "9" * 5000,
    ],
    ids=lambda value: repr(value)[:20],
)
def test_positive_number_refuses(value):
    with pytest.raises(ArgumentTypeError, match="^must be a whole number of at least 1, not '"):
        positive_number(value)


def test_a_number_has_at_most_4000_digits():
    assert positive_number("9" * 4000) == int("9" * 4000)
    with pytest.raises(ArgumentTypeError, match="^must be a whole number of at least 1, not '99"):
        positive_number("9" * 4001)


def test_a_bound_is_part_of_the_range():
    percent = whole_number(0, 100)
    assert [percent("0"), percent("100")] == [0, 100]


@pytest.mark.parametrize("value", ["-1", "101"])
def test_a_number_outside_its_bounds_is_refused_with_the_bounds(value):
    with pytest.raises(
        ArgumentTypeError, match=f"^must be a whole number from 0 to 100, not '{value}'"
    ):
        whole_number(0, 100)(value)


@pytest.mark.parametrize("value", ["", " ", "\t\n", None, 3])
def test_non_empty_refuses(value):
    with pytest.raises(ArgumentTypeError, match="^must be a text that is not empty"):
        non_empty(value)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("10", "10"),
        ("-2.5", "-2.5"),
        ("+.5", "0.5"),
        ("-99.99", "-99.99"),
        ("10000.0000", "10000"),
        (10, "10"),
        (Decimal("0.1"), "0.1"),
    ],
)
def test_percentage_is_exact(value, number):
    assert percentage(value) == Decimal(number)


@pytest.mark.parametrize(
    "value", ["nan", "inf", "-Infinity", "1e400", "", "10%", "1,5", "٣", 0.1, True, None]
)
def test_percentage_refuses_what_is_no_plain_number(value):
    with pytest.raises(ArgumentTypeError, match="^must be a number such as 10 or -2.5, not '"):
        percentage(value)


@pytest.mark.parametrize("value", ["-100", "-100.00", "-150"])
def test_percentage_refuses_to_take_everything_away(value):
    with pytest.raises(ArgumentTypeError, match="^must be greater than -100"):
        percentage(value)


@pytest.mark.parametrize("value", ["10000.0001", "10001", "9" * 5000])
def test_percentage_refuses_more_than_10000(value):
    with pytest.raises(ArgumentTypeError, match="^must be at most 10000, not '[0-9.]+…?'"):
        percentage(value)


@pytest.mark.parametrize("value", ["0.00001", "-2.50000", Decimal("0.00001")])
def test_percentage_refuses_more_than_four_decimal_places(value):
    with pytest.raises(ArgumentTypeError, match="^must have at most four decimal places, not '"):
        percentage(value)


def test_check_names_the_argument():
    with pytest.raises(
        CommandError, match=r"^TIMES: must be a whole number of at least 1, not '0'\.$"
    ):
        validate_option(positive_number, 0, "TIMES")


def test_check_returns_the_value():
    assert validate_option(positive_number, "3", "TIMES") == 3
