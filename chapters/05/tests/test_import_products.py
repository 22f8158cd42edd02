import io
import json
import os
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from errors.staging import Staging
from shared_project.shop.models import Product
from shared_project.toolkit.files import MEGABYTE

pytestmark = pytest.mark.django_db

DATA = Path(__file__).parent.parent / "data"
EMPTY = "holds no rows. Nothing was imported: an empty file is most likely an export that failed."
TEAPOT = {"name": "Teapot", "price": "10.99", "category": "Kitchen"}


@pytest.fixture
def shop():
    """The products of the demo shop that the data files name."""
    for name, price in [("Novel", "1.99"), ("Atlas", "3.36"), ("Cookbook", "4.73")]:
        Product.objects.create(name=f"Classic {name}", price=Decimal(price), category="Books")


def products():
    return list(Product.objects.order_by("name").values_list("name", "price", "category"))


def test_imports_and_tells_what_it_did(call, shop):
    stdout = call("import_products", str(DATA / "products.json"))
    assert stdout == "Imported 5 products: 2 created, 2 updated, 1 unchanged.\n"
    assert call.stderr == ""
    assert products() == [
        ("Classic Atlas", Decimal("3.99"), "Books"),
        ("Classic Cookbook", Decimal("4.73"), "Kitchen"),
        ("Classic Novel", Decimal("1.99"), "Books"),
        ("Signed Novel", Decimal("24.90"), "Books"),
        ("Solar Lantern", Decimal("10.99"), "Garden"),
    ]


def test_a_second_run_finds_everything_unchanged(call, file):
    rows = [
        {**TEAPOT, "name": f"Teapot {cents}", "price": f"{cents / 100}"} for cents in range(300)
    ]
    call("import_products", file(rows))
    stdout = call("import_products", file(rows))
    assert stdout == "Imported 300 products: 0 created, 0 updated, 300 unchanged.\n"


@pytest.mark.parametrize("change", [{"price": "10.98"}, {"category": "Garden"}])
def test_one_changed_field_makes_an_update(call, file, change):
    call("import_products", file([TEAPOT]))
    stdout = call("import_products", file([TEAPOT | change]))
    assert stdout == "Imported 1 product: 0 created, 1 updated, 0 unchanged.\n"
    assert Product.objects.filter(**change).count() == 1


def test_an_update_keeps_the_primary_key_and_other_products(call, file):
    other = Product.objects.create(name="Mug", price=1, category="Kitchen")
    teapot = Product.objects.create(name="Teapot", price=1, category="Kitchen")
    call("import_products", file([TEAPOT]))
    assert set(Product.objects.values_list("pk", "price")) == {
        (other.pk, Decimal(1)),
        (teapot.pk, Decimal("10.99")),
    }


@pytest.mark.parametrize("price", ["0.01", "0.10", "10.9", "10.99", "1.10", "99999999.99", "7"])
def test_a_price_is_found_again_by_its_exact_value(call, file, price):
    call("import_products", file(f'[{{"name": "A", "price": {price}, "category": "B"}}]'))
    assert Product.objects.get(price=Decimal(price)).price == Decimal(price)


def test_a_price_is_stored_as_django_stores_it(call, file):
    Product.objects.create(name="by Django", price=Decimal("10.90"), category="Kitchen")
    call("import_products", file([TEAPOT | {"price": "10.9"}]))
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(DISTINCT CAST(price AS varchar(20))) FROM shop_product")
        assert cursor.fetchone() == (1,)


def test_a_byte_order_mark_and_an_upper_case_ending_are_welcome(call, file):
    path = file(b'\xef\xbb\xbf[{"name": "A", "price": 1, "category": "B"}]', "PRODUCTS.JSON")
    assert call("import_products", path).startswith("Imported 1 product:")


def test_every_error_is_reported_with_its_row_and_field(call, shop):
    path = str(DATA / "broken.json")
    with pytest.raises(CommandError) as error:
        call("import_products", path)
    assert str(error.value) == f"{path}: 7 errors in 8 rows. Nothing was imported."
    assert (call.stdout, call.stderr.splitlines()) == (
        "",
        [
            "row 2, price: must be a number such as 10.99, not 'free'.",
            "row 3, price: must be a number such as 10.99, not the number 'NaN'.",
            "row 4, price: must not be negative: '-5'.",
            "row 5, price: must have at most 2 decimal places: '10.995'.",
            "row 6, name: must not be empty.",
            "row 7, category: is missing.",
            "row 8, name: 'Classic Novel' is already in row 1.",
        ],
    )


def test_one_wrong_row_keeps_all_the_others_out(call, file):
    with pytest.raises(CommandError, match=r": 1 error in 2 rows\. Nothing was imported\.$"):
        call("import_products", file([TEAPOT, TEAPOT | {"name": ""}]))
    assert products() == []


def test_a_file_that_ends_too_early_imports_nothing(call, file):
    with pytest.raises(CommandError, match="line 1, column 56: Expecting ',' or ']'"):
        call("import_products", file('[{"name": "A", "price": 1, "category": "B"}            '))
    assert products() == []


def test_a_name_that_comes_twice_is_found_beside_a_wrong_price(call, file):
    with pytest.raises(CommandError, match="3 errors in 3 rows"):
        call("import_products", file([TEAPOT, TEAPOT | {"price": "x"}, TEAPOT]))
    assert call.stderr.splitlines()[1:] == [
        "row 2, name: 'Teapot' is already in row 1.",
        "row 3, name: 'Teapot' is already in row 1.",
    ]


def test_names_that_differ_in_case_are_two_products(call, file):
    call("import_products", file([TEAPOT, TEAPOT | {"name": "TEAPOT"}]))
    assert len(products()) == 2


def test_twenty_errors_are_all_shown(call, file):
    with pytest.raises(CommandError, match="20 errors in 20 rows"):
        call("import_products", file([None] * 20))
    assert len(call.stderr.splitlines()) == 20
    assert "more" not in call.stderr


def test_after_twenty_errors_the_rest_are_counted(call, file):
    with pytest.raises(CommandError, match="1,500 errors in 1,500 rows"):
        call("import_products", file([None] * 1500))
    assert len(call.stderr.splitlines()) == 21
    assert call.stderr.endswith("\n… and 1,480 more.\n")


def test_repeated_names_count_among_the_twenty(call, file):
    with pytest.raises(CommandError, match="24 errors in 25 rows"):
        call("import_products", file([None] * 18 + [TEAPOT] * 7))
    assert call.stderr.splitlines()[17:] == [
        "row 18: must be an object, not null.",
        "row 20, name: 'Teapot' is already in row 19.",
        "row 21, name: 'Teapot' is already in row 19.",
        "… and 4 more.",
    ]


def test_text_from_the_file_cannot_steer_the_terminal(call, file):
    rows = [TEAPOT | {"name": "\x1b[2J"}] * 2 + [TEAPOT | {"\x1b[1m": 1}]
    with pytest.raises(CommandError):
        call("import_products", file(rows))
    assert "'\\x1b[2J'" in call.stderr
    assert "'\\x1b[1m'" in call.stderr


def test_errors_are_styled_for_stderr_and_not_for_stdout(call):
    with pytest.raises(CommandError):
        call("import_products", str(DATA / "broken.json"), force_color=True)
    assert "\x1b" not in call.stderr


def test_an_empty_array_is_refused(call, file):
    with pytest.raises(CommandError, match=r"json: holds no rows\. Nothing was imported:"):
        call("import_products", file("[]"))


def test_a_dry_run_prints_the_numbers_of_the_run_and_changes_nothing(call, shop):
    path, before = str(DATA / "products.json"), products()
    planned = call("import_products", path, dry_run=True)
    assert products() == before
    assert planned == "Would import 5 products: 2 created, 2 updated, 1 unchanged.\n"
    assert planned.replace("Would import", "Imported") == call("import_products", path)


def test_a_dry_run_refuses_what_the_run_refuses(call):
    with pytest.raises(CommandError, match="7 errors in 8 rows"):
        call("import_products", str(DATA / "broken.json"), "--dry-run")


def test_verbosity_0_prints_nothing(call):
    assert call("import_products", str(DATA / "products.json"), verbosity=0) == ""
    assert call.stderr == ""
    assert len(products()) == 5


def test_what_fails_after_the_rows_were_stored_takes_them_back(call, monkeypatch, shop):
    before, apply = products(), Staging.apply

    def fail(staging):
        apply(staging)
        raise SystemExit(143)

    monkeypatch.setattr(Staging, "apply", fail)
    with pytest.raises(SystemExit):
        call("import_products", str(DATA / "products.json"))
    assert call.stdout == ""
    assert products() == before


def test_the_import_can_run_again_after_each_end(call, file):
    for content in ([None], [TEAPOT], [TEAPOT, TEAPOT]):
        try:
            call("import_products", file(content))
        except CommandError:
            continue
    assert call("import_products", file([TEAPOT])).endswith("1 unchanged.\n")


def test_a_row_costs_no_query(call, file):
    def queries(rows):
        path = file([TEAPOT | {"name": f"Teapot {number}"} for number in range(rows)])
        with CaptureQueriesContext(
            connection,
        ) as captured:
            call("import_products", path, dry_run=True)
        return len(captured)

    assert queries(1) == queries(900)


def test_more_rows_than_a_batch_are_imported(call, file):
    rows = [TEAPOT | {"name": f"Teapot {number}"} for number in range(2001)]
    stdout = call("import_products", file(rows))
    assert stdout == "Imported 2,001 products: 2,001 created, 0 updated, 0 unchanged.\n"
    assert Product.objects.count() == 2001


@pytest.mark.parametrize(("size", "ok"), [(2**20, True), (2**20 + 1, False)])
def test_max_size_counts_megabytes(call, tmp_path, size, ok):
    path = tmp_path / "products.json"
    path.write_bytes(b'[{"name": "A", "price": 1, "category": "B"}]'.ljust(size))
    if ok:
        assert call("import_products", str(path), max_size=1).startswith("Imported 1 product")
    else:
        with pytest.raises(CommandError, match=r"products\.json: larger than 1 MB\.$"):
            call("import_products", str(path), max_size=1)


@pytest.mark.parametrize("size", [0, -1, 1_000_001, "1.5", None])
def test_a_size_out_of_bounds_is_refused_by_keyword_too(call, size):
    with pytest.raises(CommandError, match="^--max-size: must be a whole number from 1 to"):
        call("import_products", str(DATA / "products.json"), max_size=size)


def test_a_size_out_of_bounds_is_a_usage_error(call):
    with pytest.raises(CommandError, match="argument --max-size: must be a whole number from 1"):
        call("import_products", str(DATA / "products.json"), "--max-size", "0")


@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_file_name_is_refused(call, name):
    with pytest.raises(CommandError, match="argument FILE: must be a text that is not empty"):
        call("import_products", name)


def test_handle_checks_a_file_name_that_skipped_argparse():
    from errors.management.commands.import_products import Command

    with pytest.raises(CommandError, match="^FILE: "):
        Command().handle(file="", dry_run=False, max_size=1, verbosity=1)


def test_a_folder_is_refused(call, tmp_path):
    with pytest.raises(CommandError, match=f"^{tmp_path}: "):
        call("import_products", str(tmp_path))


def test_a_missing_file_is_refused(call, tmp_path):
    with pytest.raises(CommandError, match=r"none\.json: No such file or directory\."):
        call("import_products", str(tmp_path / "none.json"))


def test_a_reader_that_left_does_not_undo_the_import():
    class GoneReader(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        call_command("import_products", DATA / "products.json", stdout=GoneReader())
    assert Product.objects.count() == 5


@pytest.mark.posix
@pytest.mark.filesystem
def test_a_pipe_is_refused_at_once(call, tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(CommandError, match=r"pipe\.json: not a regular file"):
        call("import_products", str(tmp_path / "pipe.json"))


@pytest.fixture
def stdin(monkeypatch):
    """Return a function that puts bytes in the place of stdin."""
    return lambda content: monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_a_hyphen_stands_for_stdin(call, stdin):
    stdin(b"\xef\xbb\xbf" + json.dumps([TEAPOT]).encode())
    assert "1 created" in call("import_products", "-")
    assert products() == [("Teapot", Decimal("10.99"), "Kitchen")]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "line 1, column 1: Expecting '[', a JSON array of rows."),
        (b"[ ]", EMPTY),
        (b"[null]", "1 error in 1 row. Nothing was imported."),
        ("[]".encode("utf-16"), "line 1: not UTF-8 text."),
        (b" " * (MEGABYTE + 1), "larger than 1 MB."),
    ],
    ids=["nothing", "no rows", "a wrong row", "UTF-16", "too much"],
)
def test_errors_in_stdin_call_it_stdin(call, stdin, content, problem):
    stdin(content)
    with pytest.raises(CommandError) as error:
        call("import_products", "-", max_size=1)
    assert str(error.value) == f"stdin: {problem}"


def test_a_file_whose_name_is_a_hyphen_is_read_by_its_path(call, file, stdin, monkeypatch):
    stdin(b"")
    monkeypatch.chdir(Path(file([TEAPOT], "-")).parent)
    assert "1 created" in call("import_products", "./-")
