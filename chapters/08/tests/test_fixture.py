import json

import pytest
from django.core.management.base import CommandError

from chaining import fixture
from chaining.fixture import check_fixture


def product(**fields):
    return {
        "model": "shop.product",
        "pk": 1,
        "fields": {"name": "Kite", "price": "9.50", "category": "Toys", **fields},
    }


def check(tmp_path, content):
    path = tmp_path / "rows.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return check_fixture(path, "default")


def test_returns_the_number_of_rows(tmp_path):
    assert check(tmp_path, [product(), product()]) == 2


def test_a_reference_may_come_before_its_row(tmp_path):
    order = {"model": "shop.order", "pk": 1, "fields": {"number": "1", "total": 1, "customer": 9}}
    assert check(tmp_path, [order]) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a JSON fixture: Expecting value"),
        (b"{", "not a JSON fixture: Expecting property name"),
        (b"\xff", "not a JSON fixture: 'utf-8' codec can't decode"),
        (b"[" * 100_000, "not a JSON fixture: maximum recursion depth"),
        (None, "must be a list of rows, not empty"),
        ({}, "must be a list of rows, not empty"),
        ([], "must be a list of rows, not empty"),
        ([product(), 1], 'row 2: needs "model", "pk" and "fields"'),
        ([{"model": "shop.product"}], 'row 1: needs "model", "pk" and "fields"'),
        ([{**product(), "model": 7}], 'row 1: "model" must be a text such as "shop.product"'),
        ([{**product(), "model": "shop.nope"}], "row 1: Invalid model identifier: shop.nope"),
        ([product(size=3)], "row 1: Product has no field named 'size'"),
        ([product(price="x")], "row 1: ['“x” value must be a decimal number.']: (shop.product:"),
        ([product(price="-1")], "row 1: shop.Product, price: Ensure this value is greater than"),
        ([product(name="x" * 201)], "row 1: shop.Product, name: Ensure this value has at most"),
        ([product(name=None)], "row 1: shop.Product, name: This field cannot be null"),
        ([product(price="\x1b")], r"row 1: ['“\x1b” value"),
    ],
)
def test_refuses_what_loaddata_could_not_load(tmp_path, content, reason):
    with pytest.raises(CommandError) as caught:
        check(tmp_path, content)
    message = str(caught.value)
    assert message.startswith(f"rows.json: {reason}")
    assert message.endswith(". Nothing has changed.")
    assert message.isprintable()


def test_refuses_a_file_that_is_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(fixture, "MAX_BYTES", 10)
    with pytest.raises(CommandError, match="larger than"):
        check(tmp_path, [product()])
