"""The first draft does what the page says that it does."""

from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from shared_project.shop.models import Product

DATA = Path(__file__).parent.parent / "data"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def output(step):
    stdout = StringIO()
    call_command(step("import_products"), str(DATA / "broken.json"), stdout=stdout)
    return stdout.getvalue()


def test_naive_import_claims_rows_that_it_did_not_import(output):
    assert output.endswith("\nImported 8 products\n")
    assert Product.objects.count() < 8


def test_naive_import_leaves_a_file_half_imported(output):
    names = Product.objects.values_list("name", flat=True)
    assert sorted(names) == ["", "Classic Novel", "Solar Lantern"]


def test_naive_import_lets_the_last_of_two_rows_win(output):
    assert Product.objects.get(name="Classic Novel").price == Decimal("3.49")


def test_naive_import_changes_a_price_that_does_not_fit(output):
    assert Product.objects.get(name="Solar Lantern").price != Decimal("10.995")


def test_naive_import_names_neither_row_nor_problem(output):
    assert "\nError: 'category'\n" in output
