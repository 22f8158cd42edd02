import io

import pytest
from django.core.management.base import CommandError

from shared_project.toolkit.json_array import BLOCK, MAX_ELEMENT, ArrayReader, Number

# Blocks are full sooner with long lines than with many.
LONG = b'"' + b"x" * 1000 + b'",'
MANY = 3 * BLOCK // len(LONG)


def read(content):
    return list(ArrayReader(io.BytesIO(content), "a.json"))


def refusal(content):
    with pytest.raises(CommandError) as error:
        read(content)
    return str(error.value)


def test_an_object_keeps_both_of_two_equal_keys():
    assert read(b'[{"a": "x", "a": null}]') == [(("a", "x"), ("a", None))]


@pytest.mark.parametrize("text", ["10.10", "0", "-0", "1e400", "NaN", "-Infinity", "9" * 5000])
def test_a_number_keeps_its_spelling(text):
    (number,) = read(f"[{text}]".encode())
    assert (number, type(number)) == (text, Number)


def test_a_text_is_no_number():
    assert [type(value) for value in read(b'["1", 1]')] == [str, Number]


@pytest.mark.parametrize("content", [b"[]", b" [ ]\r\n", b"\xef\xbb\xbf[]"])
def test_an_empty_array_has_no_elements(content):
    assert read(content) == []


def test_white_space_and_a_byte_order_mark_are_welcome():
    assert read("\ufeff \n[ true ,\r\n\t[ ] ]\n ".encode()) == [True, []]


@pytest.mark.parametrize("shift", range(12))
def test_an_element_may_lie_across_two_blocks(shift):
    padding = b" " * (BLOCK - 16 + shift)
    content = padding + '[{"é": "\\ud83d\\ude00"}, 123456]'.encode()
    assert read(content) == [(("é", "😀"),), "123456"]


def test_a_file_of_many_blocks_is_read_whole():
    rows = [b'{"name": "' + b"x" * (index % 500) + b'"}' for index in range(2_000)]
    assert len(read(b"[" + b",\n".join(rows) + b"]")) == 2_000


def test_a_long_gap_is_no_fault():
    assert read(b"[1," + b" " * (3 * BLOCK) + b"2]") == ["1", "2"]


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"", "line 1, column 1: Expecting '[', a JSON array of rows"),
        (b" \n", "line 2, column 1: Expecting '[', a JSON array of rows"),
        (b"{}", "line 1, column 1: Expecting '[', a JSON array of rows"),
        (b"null", "line 1, column 1: Expecting '[', a JSON array of rows"),
        (b"[", "line 1, column 2: Expecting value"),
        (b"[1", "line 1, column 3: Expecting ',' or ']'"),
        (b"[1 2]", "line 1, column 4: Expecting ',' or ']'"),
        (b"[1,]", "line 1, column 4: Expecting value"),
        (b'[{"a": 1', "line 1, column 9: Expecting ',' delimiter"),
        (b'[\n {"a": "b', "line 2, column 8: Unterminated string starting at"),
        (b'[{"a" 1}]', "line 1, column 7: Expecting ':' delimiter"),
        (b'["a\nb"]', "line 1, column 4: Invalid control character at"),
        (b"[1] x", "line 1, column 5: Expecting nothing after the array"),
        (b"[1]\n[2]", "line 2, column 1: Expecting nothing after the array"),
        (b"[]]", "line 1, column 3: Expecting nothing after the array"),
        (b"[\x00]", "line 1, column 2: Expecting value"),
    ],
)
def test_what_is_no_array_is_refused_with_its_place(content, place):
    assert refusal(content) == f"a.json: {place}."


def test_the_place_counts_from_the_start_of_the_file():
    content = b"[" + (LONG + b"\n") * MANY + b"1, 2, x]"
    assert refusal(content) == f"a.json: line {MANY + 1}, column 7: Expecting value."


def test_the_column_counts_from_the_start_of_a_line_of_many_blocks():
    content = b"[" + LONG * MANY + b"x]"
    column = len(LONG) * MANY + 2
    assert refusal(content) == f"a.json: line 1, column {column}: Expecting value."


def test_a_fault_far_from_the_end_is_named_as_what_it_is():
    content = b"[{'a': 1}," + b"1," * (2 * BLOCK) + b"1]"
    assert refusal(content).startswith("a.json: line 1, column 3: Expecting property name")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("[\n1,\n'é']".encode("latin-1"), 3),
        ("[1]".encode("utf-16"), 1),
        (b"\x7fELF\xff", 1),
        (b"[1]\n\xc3", 2),
        (b"[" + (LONG + b"\n") * MANY + b"\xff]", MANY + 1),
    ],
    ids=["latin-1", "UTF-16", "binary", "cut", "second block"],
)
def test_what_is_not_utf_8_is_refused_with_its_line(content, line):
    assert refusal(content) == f"a.json: line {line}: not UTF-8 text."


def test_deep_nesting_is_refused():
    assert refusal(b"[" * MAX_ELEMENT) == "a.json: line 1, column 2: Nested too deeply."


def test_an_element_may_be_as_long_as_the_limit():
    assert len(read(b'["' + b"x" * (MAX_ELEMENT - 2) + b'"]')[0]) == MAX_ELEMENT - 2


def test_an_element_may_not_be_longer_than_the_limit():
    message = refusal(b'["' + b"x" * (MAX_ELEMENT - 1) + b'"]')
    assert message == "a.json: line 1, column 2: More than 65,536 characters in a row."


class Endless(io.RawIOBase):
    """A file that begins with `start` and goes on with `rest` for ever."""

    def __init__(self, start, rest):
        self.start, self.rest, self.given = start, rest, 0

    def read(self, size):
        block = (self.start + self.rest * size)[:size]
        self.start = b""
        self.given += size
        return block


@pytest.mark.parametrize(
    ("start", "rest"),
    [
        (b'["', b"x"),
        (b"[", b"9"),
        (b"[1.", b"9"),
        (b"[1e", b"9"),
        (b'[{"a": [', b"1," + b" " * 99),
    ],
    ids=["text", "digits", "places", "exponent", "list"],
)
def test_an_element_without_end_is_refused_after_a_few_blocks(start, rest):
    file = Endless(start, rest)
    with pytest.raises(CommandError, match=r"More than 65,536 characters in a row\.$"):
        list(ArrayReader(file, "a.json"))
    assert file.given <= 3 * BLOCK


def test_elements_come_before_the_end_of_the_file_is_read():
    file = Endless(b"[", b"1, ")
    elements = iter(ArrayReader(file, "a.json"))
    assert [next(elements) for _ in range(3)] == ["1", "1", "1"]
    assert file.given <= 2 * BLOCK


def test_a_file_that_cannot_be_read_to_its_end_is_named():
    class Broken(io.BytesIO):
        def read(self, size):
            raise OSError(5, "Input/output error")

    with pytest.raises(CommandError, match=r"^a\.json: Input/output error\.$"):
        list(ArrayReader(Broken(), "a.json"))
