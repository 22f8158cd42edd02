"""Each step does what the page says, and fails as the page says."""

import json
import os
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from shared_project.shop.models import Product

DATA = Path(__file__).parent.parent / "data"
TEAPOT = {"name": "Teapot", "price": "10.99", "category": "Kitchen"}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def novel():
    Product.objects.create(name="Classic Novel", price=Decimal("1.99"), category="Books")


def price_of(name):
    return Product.objects.get(name=name).price


@pytest.mark.parametrize("number", [1, 2, 3])
def test_every_step_imports_a_file_that_is_right(call, step, number):
    stdout = call(step(number), DATA / "products.json")
    assert stdout.startswith("Imported 5 products")
    assert price_of("Solar Lantern") == Decimal("10.99")
    assert Product.objects.count() == 5


@pytest.mark.parametrize("number", [1, 2, 3])
def test_every_step_names_a_file_that_is_not_there(call, step, number, tmp_path):
    with pytest.raises(CommandError, match=r"nowhere\.json"):
        call(step(number), tmp_path / "nowhere.json")


def test_step_1_stores_the_rows_above_a_wrong_one(call, step):
    with pytest.raises(ValidationError):
        call(step(1), DATA / "broken.json")
    assert price_of("Classic Novel") == Decimal("2.49")


def test_step_1_has_a_traceback_for_bytes_that_are_no_text(call, step, tmp_path):
    file = tmp_path / "products.json"
    file.write_bytes(b'[{"name": "Caf\xe9"}]')
    with pytest.raises(UnicodeDecodeError):
        call(step(1), file)


@pytest.mark.parametrize("number", [2, 3])
def test_later_steps_name_the_row_and_the_field_of_each_error(call, step, number):
    with pytest.raises(CommandError, match=r"broken\.json: 6 errors. Nothing was imported"):
        call(step(number), DATA / "broken.json")
    assert [line.partition(":")[0] for line in call.stderr.splitlines()] == [
        "row 2, price",
        "row 3, price",
        "row 4, price",
        "row 5, price",
        "row 6, name",
        "row 7, fields",
    ]
    assert price_of("Classic Novel") == Decimal("1.99")


@pytest.mark.parametrize("number", [2, 3])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'[{"name": "Caf\xe9"}]', "utf-8"),
        (b"[", "line 1 column 2"),
        (b'{"name": "Teapot"}', "Expected a list"),
    ],
)
def test_later_steps_say_what_is_wrong_with_a_file(call, step, number, content, message, tmp_path):
    file = tmp_path / "products.json"
    file.write_bytes(content)
    with pytest.raises(CommandError, match=message):
        call(step(number), file)


def test_later_steps_check_a_row_that_is_no_object(call, step, tmp_path):
    file = tmp_path / "products.json"
    file.write_text("[null, [], 1]")
    with pytest.raises(CommandError, match="3 errors"):
        call(step(3), file)


@pytest.mark.parametrize(("number", "price"), [(2, "2.19"), (3, "1.99")])
def test_only_step_3_takes_back_the_rows_above_a_failure(call, step, number, price):
    with pytest.raises(UnicodeEncodeError):
        call(step(number), DATA / "cut_emoji.json")
    assert price_of("Classic Novel") == Decimal(price)


def test_step_3_counts_new_products(call, step):
    stdout = call(step(3), DATA / "products.json")
    assert stdout == "Imported 5 products, 4 of them new.\n"


def test_a_dry_run_of_step_3_counts_and_changes_nothing(call, step):
    stdout = call(step(3), DATA / "products.json", dry_run=True)
    assert stdout == "Would import 5 products, 4 of them new.\n"
    assert Product.objects.count() == 1


def test_step_3_lets_the_last_of_two_rows_win(call, step, tmp_path):
    file = tmp_path / "products.json"
    file.write_text(json.dumps([TEAPOT, {**TEAPOT, "price": "12.00"}]))
    stdout = call(step(3), file)
    assert stdout == "Imported 2 products, 1 of them new.\n"
    assert price_of("Teapot") == Decimal("12.00")


@pytest.mark.skipif(os.name != "posix", reason="a file that nobody may read is one of POSIX")
def test_a_folder_is_one_line(call, step, tmp_path):
    with pytest.raises(CommandError, match="directory"):
        call(step(3), tmp_path)
