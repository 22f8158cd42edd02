import json
import tracemalloc
from decimal import Decimal

import pytest
from django.core.management.base import CommandError

from styling import records
from styling.records import MAX_ELEMENT, check_records, parse, problems

GOOD = {"name": "Classic Kite", "price": 9.99, "category": "Toys"}


def element(**changes):
    """Return a good record with `changes`, parsed; a value of ... leaves its field out."""
    record = {name: value for name, value in {**GOOD, **changes}.items() if value is not ...}
    return next(parse(json.dumps([record]).encode(), "feed"))


def test_a_good_record_has_no_problems():
    assert problems(element()) == []


def test_a_price_never_is_a_float():
    [record] = parse(b'[{"price": 0.1000000000000000055511151231257827}]', "feed")
    assert record == (("price", Decimal("0.1000000000000000055511151231257827")),)


def test_a_whole_price_is_a_decimal():
    assert [*parse(b"[3]", "feed")] == [Decimal(3)]


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
        ("", "must not be empty."),
        ("  ", "must not be empty."),
        ("x" * 201, "characters (it has 201)"),
        ("a\x00b", "holds a control character (U+0000)."),
        ("a\nb", "holds a control character (U+000A)."),
        ("\ud800", "holds a character that nobody sees (U+D800)."),
        ("a\u200bb", "holds a character that nobody sees (U+200B)."),
        (" Kite", "has white space around it."),
        ("Kite\xa0", "has white space around it."),
        ("a  b", "has white space in it that is not a single space."),
        ("a\xa0b", "has white space in it that is not a single space."),
        ("e\u0301", "is not in Unicode's normal form NFC."),
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
    elements = [element(), element(name="Other"), element(price=1)]
    _, (other, none), third = check_records(elements)
    assert (other, none) == (("Other", Decimal("9.99"), "Toys"), [])
    assert third == (None, [("name", "stands in record 1 already.")])


def test_a_byte_order_mark_is_skipped():
    assert [*parse(b"\xef\xbb\xbf[1]", "feed")] == [1]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "^feed: not JSON: "),
        (b" ", r"^feed: not JSON: Expecting value: line 1 column 2 \(char 1\)\.$"),
        (b"[", r"^feed: not JSON: Expecting value: line 1 column 2 \(char 1\)\.$"),
        (b"[1,", r"^feed: not JSON: Expecting value: line 1 column 4 \(char 3\)\.$"),
        (b"[1,\n ,", r"^feed: not JSON: Expecting value: line 2 column 2 \(char 5\)\.$"),
        (b"[1", r"^feed: not JSON: Expecting ',' delimiter: line 1 column 3 \(char 2\)\.$"),
        (b"[1 2]", r"^feed: not JSON: Expecting ',' delimiter: line 1 column 4 \(char 3\)\.$"),
        (b"[1,]", "^feed: not JSON: "),
        (b"[nul]", "^feed: not JSON: Expecting value: "),
        (b'[1,\n["x', r"^feed: not JSON: Unterminated string starting at: line 2 column 2 "),
        (b"[1] 2", r"^feed: not JSON: Extra data: line 1 column 5 \(char 4\)\.$"),
        (b"[1]]", "^feed: not JSON: Extra data: "),
        (b'["\xe9"]', r"^feed: not UTF-8 \(byte 2\)\.$"),
        ('["é"]'.encode("utf-16"), "^feed: not UTF-8"),
        (b"[" * 200_000, r"^feed: nested too deeply\.$"),
        (b"{}", "^feed: must be a JSON array with at least one"),
        (b"[]", "^feed: must be a JSON array with at least one"),
        (b" [ ] ", "^feed: must be a JSON array with at least one"),
        (b"3", "^feed: must be a JSON array with at least one"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_no_feed_is_refused_in_one_line(data, message):
    with pytest.raises(CommandError, match=message):
        list(parse(data, "feed"))


@pytest.mark.parametrize("space", ["", " ", "\n", " \t\r\n"])
def test_white_space_makes_no_difference(space):
    tokens = ["", "[", '"a"', ",", "[", "]", ",", "{", "}", ",", "-1.5e3", ",", "true", "]", ""]
    assert [*parse(space.join(tokens).encode(), "feed")] == ["a", [], (), Decimal(-1500), True]


@pytest.fixture
def small_window(monkeypatch):
    monkeypatch.setattr(records, "MAX_ELEMENT", 40)
    monkeypatch.setattr(records, "WINDOW", 80)


@pytest.mark.parametrize("pad", range(45))
def test_where_the_window_ends_makes_no_difference(small_window, pad):
    values = ["x" * 38, 12345678901234567890, True, None, [1, {"a": "\u2028\n"}], -0.5] * 9
    text = f",{' ' * pad}".join(json.dumps(value) for value in values)
    expected = ["x" * 38, 12345678901234567890, True, None, [1, (("a", "\u2028\n"),)], -0.5] * 9
    assert [*parse(f"[{text}]".encode(), "feed")] == expected


@pytest.mark.parametrize("pad", range(45))
def test_where_the_window_ends_a_fault_keeps_its_place(small_window, pad):
    text = json.dumps(["x" * 30] * 9)[:-1] + "," + " " * pad + "{'b': 1}" + " " * 90 + "]"
    position = text.index("'")
    with pytest.raises(CommandError, match=rf"not JSON: .* \(char {position}\)\.$"):
        list(parse(text.encode(), "feed"))


LONG = [
    b'"' + b"x" * (MAX_ELEMENT - 1) + b'"',
    b"1" * (MAX_ELEMENT + 1),
    b"[" + b"1," * MAX_ELEMENT + b"1]",
    b'{"name": ["' + b'x","' * MAX_ELEMENT + b'"]}',
    b'{"name": "' + b"x" * 10 * MAX_ELEMENT + b'"}',
    b"{" + b" " * 3 * MAX_ELEMENT + b"}",
    b"[1," + b" " * 3 * MAX_ELEMENT + b"1]",
]


@pytest.mark.parametrize("long", LONG, ids=lambda long: str(long[:12]))
@pytest.mark.parametrize(
    "after", [b"", b"," + b" " * 4 * MAX_ELEMENT + b"1"], ids=["last", "more"]
)
def test_an_element_that_is_too_long_is_refused(long, after):
    message = "^feed: the record that begins in line 2 is longer than 65,536 characters.$"
    with pytest.raises(CommandError, match=message):
        list(parse(b"[1,\n" + long + after + b"]", "feed"))


def test_the_longest_element_is_read():
    text = "x" * (MAX_ELEMENT - 2)
    assert [*parse(json.dumps([text, text]).encode(), "feed")] == [text, text]
    digits = "9" * MAX_ELEMENT
    assert [*parse(f"[{digits},{digits}]".encode(), "feed")] == [Decimal(digits)] * 2


@pytest.mark.parametrize("repeated", ["1", "[1]", "{}", '{"a":[1,1]}', "[[[]]]", '"é☃"', "null"])
def test_the_memory_is_a_small_multiple_of_the_text(repeated, monkeypatch):
    monkeypatch.setattr(records, "MAX_ELEMENT", 1000)
    monkeypatch.setattr(records, "WINDOW", 2000)
    data = f"[{','.join([repeated] * 20_000)}]".encode()
    tracemalloc.start()
    try:
        count = sum(1 for _ in parse(data, "feed"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 20_000
    assert peak < 6 * len(data) + 300 * records.WINDOW


def test_an_element_that_is_wrong_is_not_kept():
    elements = (element for element in [Decimal(1)] * 3)
    for record, found in check_records(elements):
        assert record is None
        assert found == [("record", "must be an object, not a number.")]
