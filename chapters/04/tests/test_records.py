import json
import tracemalloc
from decimal import Decimal

import pytest
from django.core.management.base import CommandError

from shared_project.toolkit.json_array import MAX_ELEMENT
from styling.records import Record, read_records

GOOD = {"name": "Classic Kite", "price": 9.99, "category": "Toys"}


def read(*records, price=None):
    """Return what a feed of `records` is read as; `price` is written as it is."""
    text = json.dumps(records)
    if price is not None:
        text = text.replace("9.99", price)
    return [*read_records(text.encode(), "feed")]


def test_a_good_record_has_no_problems():
    assert read(GOOD) == [(Record("Classic Kite", Decimal("9.99"), "Toys"), [])]


@pytest.mark.parametrize("price", ["0", "0.00", "99999999.99", '"9.99"', "9.9"])
def test_a_price_is_exact(price):
    [(record, problems)] = read(GOOD, price=price)
    assert (record.price, problems) == (Decimal(price.strip('"')), [])


@pytest.mark.parametrize(
    ("price", "message"),
    [
        ("NaN", "must be a number such as 10.99, not the number 'NaN'"),
        ("1e400", "must be a number such as 10.99, not the number '1e400'"),
        ("9.999", "must have at most 2 decimal places: '9.999'"),
        ("-0.01", "must not be negative: '-0.01'"),
        ("null", "must be a number such as 10.99, not null"),
    ],
)
def test_a_wrong_price_is_refused(price, message):
    assert read(GOOD, price=price) == [(None, [("price", message)])]


def test_every_problem_of_a_record_is_found():
    [(record, found)] = read({"name": " Kite", "price": -1, "color": "red"})
    assert record is None
    assert {field for field, _ in found} == {"", "name", "price", "category"}


def test_an_element_that_is_no_object_is_refused():
    assert read(3) == [(None, [("", "must be an object, not the number '3'")])]


def test_a_name_that_stands_twice_is_refused():
    _, (other, none), third = read(GOOD, {**GOOD, "name": "Other"}, GOOD)
    assert (other.name, none) == ("Other", [])
    assert third == (None, [("name", "stands in record 1 already")])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"^feed: line 1, column 1: Expecting '\[', a JSON array of rows\.$"),
        (b"{}", r"^feed: line 1, column 1: Expecting '\[', a JSON array of rows\.$"),
        ('["é"]'.encode("utf-16"), r"^feed: line 1: not UTF-8 text\.$"),
        (b'[1,\n"' + b"x" * MAX_ELEMENT + b'"]', r"^feed: line 2, column 1: More than 65,536 "),
    ],
    ids=["empty", "object", "utf-16", "long"],
)
def test_what_is_no_feed_is_refused_in_one_line(data, message):
    with pytest.raises(CommandError, match=message):
        list(read_records(data, "feed"))


@pytest.mark.parametrize(
    "repeated",
    ["{}", *(pytest.param(text, marks=pytest.mark.full) for text in ("1", '{"a":[1,1]}', '"é☃"'))],
)
def test_the_memory_is_a_small_multiple_of_the_text(repeated):
    data = f"[{','.join([repeated] * 20_000)}]".encode()
    tracemalloc.start()
    try:
        count = sum(1 for _ in read_records(data, "feed"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 20_000
    assert peak < 6 * len(data) + 600_000
