import csv
import io
import json
from xml.etree import ElementTree as ET

import pytest

from export.writers import WRITERS, CsvWriter, JsonWriter, XmlWriter

AWKWARD = [
    "",
    "Zoë 李 🐍",
    'a,"b"',
    "a\nb",
    "a\rb",
    "a\r\nb",
    "<&>]]>",
    "%s",
    "null",
    "\x85\u2028",
]


def written(writer, *batches):
    return "".join(writer.pieces(batches))


def csv_rows(text):
    return list(csv.reader(io.StringIO(text, newline="")))


def cells(text):
    return [[cell.text or "" for cell in user] for user in ET.fromstring(text)]


@pytest.mark.parametrize("value", AWKWARD)
def test_csv_gives_back_what_went_in(value):
    text = written(CsvWriter(["username", "email"], raw=False), [(value, "b")])
    assert csv_rows(text) == [["username", "email"], [value, "b"]]


@pytest.mark.parametrize("value", AWKWARD)
def test_json_gives_back_what_went_in(value):
    text = written(JsonWriter(["username", "id"]), [(value, 1)])
    assert json.loads(text) == [{"username": value, "id": 1}]


@pytest.mark.parametrize("value", AWKWARD)
def test_xml_gives_back_what_went_in(value):
    text = written(XmlWriter(["username", "email"]), [(value, "b")])
    assert cells(text) == [[value, "b"]]


@pytest.mark.parametrize(
    "value",
    ["=1+1", "+1", "-2", "@x", "\t=1", "\rx", "\nx", " =1", "\u00a0@x", "\uff1d1", "-", "  +"],
)
def test_csv_neutralizes_what_a_spreadsheet_would_run(value):
    writer = CsvWriter(["username", "email"], raw=False)
    text = written(writer, [("ada", "b"), (value, "b")])
    assert csv_rows(text)[1:] == [["ada", "b"], [f"'{value}", "b"]]
    assert writer.note() == (
        "Cells that began like a formula and got an apostrophe: 1 (--raw leaves them as they are)."
    )


@pytest.mark.parametrize("value", ["a=1", "ada@example.com", " ada", "'=1", "\u3000", "1-2"])
def test_csv_leaves_harmless_cells_alone(value):
    writer = CsvWriter(["username"], raw=False)
    assert csv_rows(written(writer, [(value,)]))[1:] == [[value]]
    assert writer.note() == ""


def test_csv_counts_every_cell_that_it_neutralized():
    writer = CsvWriter(["username", "id", "first_name"], raw=False)
    written(writer, [("=1", 1, "-2"), ("ada", 2, "ada")], [("ada", 3, "+3")])
    assert writer.neutralized == 3


def test_raw_csv_leaves_formulas_alone():
    writer = CsvWriter(["username"], raw=True)
    assert written(writer, [("=1+1",)]) == "username\n=1+1\n"
    assert writer.note() == ""


def test_csv_writes_numbers_flags_and_missing_dates():
    writer = CsvWriter(["id", "is_active", "last_login"], raw=False)
    assert written(writer, [(-1, True, None)]) == "id,is_active,last_login\n-1,True,\n"


def test_json_keeps_types_and_puts_one_object_on_a_line():
    writer = JsonWriter(["id", "is_active", "last_login"])
    assert written(writer, [(1, True, None), (2, False, "x")], [(3, True, "Zoë")]) == (
        "[\n"
        '{"id": 1, "is_active": true, "last_login": null},\n'
        '{"id": 2, "is_active": false, "last_login": "x"},\n'
        '{"id": 3, "is_active": true, "last_login": "Zoë"}\n'
        "]\n"
    )


def test_xml_writes_numbers_flags_and_missing_dates():
    assert written(XmlWriter(["id", "is_active", "last_login"]), [(1, True, None)]) == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<users>\n'
        "<user><id>1</id><is_active>true</is_active><last_login></last_login></user>\n</users>\n"
    )


@pytest.mark.parametrize(
    "char", ["\x00", "\x08", "\x0b", "\x1b", "\x1f", "\ufffe", "\uffff", "\ud800"]
)
def test_xml_replaces_and_counts_what_it_cannot_hold(char):
    writer = XmlWriter(["username"])
    assert cells(written(writer, [(f"a{char}b",)], [(char,)])) == [["a\ufffdb"], ["\ufffd"]]
    assert writer.note() == "Characters that XML cannot hold and became \ufffd: 2."


@pytest.mark.parametrize(
    "char", ["\t", " ", "\ud7ff", "\ue000", "\ufffd", "\U00010000", "\U0010ffff"]
)
def test_xml_keeps_what_it_can_hold(char):
    writer = XmlWriter(["username"])
    assert cells(written(writer, [(f"a{char}b",)])) == [[f"a{char}b"]]
    assert writer.note() == ""


@pytest.mark.parametrize("writer", WRITERS.values())
def test_writers_count_the_rows_of_all_batches(writer):
    writer = writer(["username"], raw=False)
    written(writer, [("ada",), ("grace",)], [("alan",)])
    assert writer.count == 3


def test_files_without_rows_are_valid_too():
    texts = {name: written(writer(["id"], raw=False)) for name, writer in WRITERS.items()}
    assert texts["csv"] == "id\n"
    assert json.loads(texts["json"]) == []
    assert cells(texts["xml"]) == []
