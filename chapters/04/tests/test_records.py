import json
from decimal import Decimal

import pytest
from django.core.management.base import CommandError

from styling.records import bad_records, parse, problems

GOOD = {"name": "Classic Kite", "price": 9.99, "category": "Toys"}


def element(**changes):
    """Return a good record with `changes`, parsed; a value of ... leaves its field out."""
    record = {name: value for name, value in {**GOOD, **changes}.items() if value is not ...}
    return parse(json.dumps([record]).encode(), "feed")[0]


def test_a_good_record_has_no_problems():
    assert problems(element()) == []


def test_a_price_never_is_a_float():
    [record] = parse(b'[{"price": 0.1000000000000000055511151231257827}]', "feed")
    assert record == (("price", Decimal("0.1000000000000000055511151231257827")),)


def test_a_whole_price_is_a_decimal():
    assert parse(b"[3]", "feed") == [Decimal(3)]


@pytest.mark.parametrize("price", ["0", "0.00", "99999999.99", "1e2", "9.9"])
def test_a_price_of_whole_cents_is_taken(price):
    [record] = parse(json.dumps([GOOD]).replace("9.99", price).encode(), "feed")
    assert problems(record) == []


@pytest.mark.parametrize(
    ("price", "message"),
    [
        ("NaN", "must be a decimal number"),
        ("Infinity", "must be a decimal number"),
        ("-Infinity", "must be a decimal number"),
        ("1e99999999999999999999", "must be a decimal number"),
        ("1e400", "no more than 10 digits"),
        ("9" * 5000, "no more than 10 digits"),
        ("100000000", "no more than 8 digits"),
        ("9.999", "no more than 2 decimal places"),
        ("-0.01", "greater than or equal to 0"),
        ("true", "must be a number, not true or false"),
        ("null", "must be a number, not null"),
        ('"9.99"', "must be a number, not a text"),
        ("[9.99]", "must be a number, not a list"),
        ("{}", "must be a number, not an object"),
    ],
    ids=lambda text: text[:25],
)
def test_a_wrong_price_is_refused(price, message):
    [record] = parse(json.dumps([GOOD]).replace("9.99", price).encode(), "feed")
    [(field, found)] = problems(record)
    assert field == "price"
    assert message in found


@pytest.mark.parametrize("field", ["name", "category"])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (..., "is missing."),
        ("", "cannot be blank"),
        ("x" * 201, "characters (it has 201)"),
        ("a\x00b", "holds a control character."),
        ("a\nb", "holds a control character."),
        ("\ud800", "holds a control character."),
        (" Kite", "has white space around it."),
        (None, "must be a text, not null."),
        (3, "must be a text, not a number."),
        (True, "must be a text, not true or false."),
    ],
    ids=lambda value: repr(value)[:12],
)
def test_a_wrong_text_is_refused(field, value, message):
    [(found, text)] = problems(element(**{field: value}))
    assert found == field
    assert message in text


def test_a_key_that_stands_twice_is_refused():
    [record] = parse(json.dumps([GOOD]).replace("}", ', "price": 1}').encode(), "feed")
    assert problems(record) == [("record", "has a key twice.")]


@pytest.mark.parametrize(
    ("key", "shown"), [("colour", "'colour'"), ("", "''"), ("\x1b", r"'\x1b'")]
)
def test_an_unknown_field_is_refused(key, shown):
    assert problems(element(**{key: 1})) == [(shown, "is not a field.")]


def test_every_problem_of_a_record_is_found():
    found = problems(element(name="x" * 201, price=-1, category=None))
    assert {field for field, _ in found} == {"name", "price", "category"}


@pytest.mark.parametrize("text", ["1", "null", '"x"', "[]", "true"])
def test_an_element_that_is_no_object_is_refused(text):
    [record] = parse(f"[{text}]".encode(), "feed")
    [(field, message)] = problems(record)
    assert field == "record"
    assert message.startswith("must be an object, not ")


def test_a_name_that_stands_twice_is_refused():
    records = [element(), element(name="Other"), element(price=1)]
    assert list(bad_records(records)) == [(3, [("name", "stands in record 1 already.")])]


def test_a_byte_order_mark_is_skipped():
    assert parse(b"\xef\xbb\xbf[1]", "feed") == [1]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "^feed: not JSON: "),
        (b"[1,", "^feed: not JSON: "),
        (b"[1] 2", "^feed: not JSON: "),
        (b'["\xe9"]', r"^feed: not UTF-8 \(byte 2\)\.$"),
        ('["é"]'.encode("utf-16"), "^feed: not UTF-8"),
        (b"[" * 200_000, r"^feed: nested too deeply\.$"),
        (b"{}", "^feed: must be a JSON array with at least one"),
        (b"[]", "^feed: must be a JSON array with at least one"),
        (b"3", "^feed: must be a JSON array with at least one"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_no_feed_is_refused_in_one_line(data, message):
    with pytest.raises(CommandError, match=message):
        parse(data, "feed")
