"""What is stored already may be spelled in other ways than an import allows."""

import pytest
from django.core.management.base import CommandError

from errors import lookalikes
from shared_project.shop.models import Product

pytestmark = pytest.mark.django_db

# The "é" matters: an accent and an escape may not make up for each other.
OTHER_SPELLINGS = [
    "Blue Café ",
    " Blue Café",
    "\tBlue Café",
    "Blue  Café",
    "Blue\u00a0Café",
    "Blue\u2009Café",
    "Blue Café\u200b",
    "Blue Ca\u00adfé",
    "\ufeffBlue Café",
    "Blue Café\x85",
    "Blue Café\x7f",
    "Blue Café\x90",
    "Blue \x01Café",
    "Blue Café\ufe0f",
    "Blue Cafe\u0301",
]


@pytest.fixture
def shop():
    """Return a function that stores products by (name, category), as another program does."""

    def store(*products):
        Product.objects.bulk_create(
            Product(name=name, category=category, price=1) for name, category in products
        )

    return store


@pytest.fixture
def refusal(call, file):
    """Return a function that imports rows, and returns what is wrong with them."""

    def lines(*rows):
        with pytest.raises(CommandError, match="Nothing was imported"):
            call("import_products", file(rows))
        return call.stderr.splitlines()

    return lines


def row(name="Kite", category="Toys"):
    return {"name": name, "price": 2, "category": category}


@pytest.mark.parametrize("stored", OTHER_SPELLINGS, ids=ascii)
def test_a_second_product_that_looks_like_a_stored_one_is_refused(shop, refusal, stored):
    shop((stored, "Cafés"))
    assert refusal(row("Blue Café", "Cafés")) == [
        f"row 1, name: 'Blue Café' looks like {stored!a}, which is stored: rename that first."
    ]


@pytest.mark.parametrize("stored", OTHER_SPELLINGS, ids=ascii)
def test_a_second_category_that_looks_like_a_stored_one_is_refused(shop, refusal, stored):
    shop(("Espresso", stored))
    assert refusal(row("Kite"), row("Latte", "Blue Café")) == [
        f"row 2, category: 'Blue Café' looks like {stored!a}, which is stored: rename that first."
    ]


@pytest.mark.parametrize("stored", ["Kite!", "kite", "Kit", "Kite 2", "\u041aite", "Kíte"])
def test_a_name_that_only_resembles_a_stored_one_is_imported(shop, call, file, stored):
    shop((stored, "Toys"))
    assert "1 created, 0 updated" in call("import_products", file([row("Kite")]))


def test_other_spellings_of_what_the_file_does_not_name_are_no_obstacle(shop, call, file):
    shop(("Ball ", "Games "))
    assert "1 created, 0 updated" in call("import_products", file([row("Kite")]))


def test_a_product_that_is_there_is_updated_beside_one_that_looks_like_it(shop, call, file):
    # The import did not make them two, and holds nobody up.
    shop(("Kite", "Toys"), ("Kite ", "Toys"))
    assert "0 created, 1 updated" in call("import_products", file([row("Kite")]))


def test_a_category_that_is_there_is_used_beside_one_that_looks_like_it(shop, call, file):
    shop(("Ball", "Toys"), ("Doll", "Toys "))
    assert "1 created, 0 updated" in call("import_products", file([row("Kite", "Toys")]))


def test_a_file_may_mend_the_spelling_of_a_category(shop, call, file):
    shop(("Kite", "Toys "), ("Ball", "Toys\u00a0"))
    stdout = call("import_products", file([row("Kite"), row("Ball"), row("Doll")]))
    assert "1 created, 2 updated" in stdout
    assert set(Product.objects.values_list("category", flat=True)) == {"Toys"}


def test_a_file_that_mends_a_part_of_a_category_is_refused(shop, refusal):
    shop(("Kite", "Toys "), ("Ball", "Toys "))
    assert refusal(row("Kite")) == [
        "row 1, category: 'Toys' looks like 'Toys ', which is stored: rename that first."
    ]


def test_a_name_that_looks_like_two_is_refused_once(shop, refusal):
    shop(("Kite ", "Toys"), (" Kite", "Toys"))
    assert refusal(row("Kite")) == [
        "row 1, name: 'Kite' looks like ' Kite', which is stored: rename that first."
    ]


def test_a_name_and_a_category_of_one_row_may_be_refused(shop, refusal):
    shop(("Kite ", "Toys "))
    assert [line.partition(":")[0] for line in refusal(row())] == [
        "row 1, name",
        "row 1, category",
    ]


def test_lookalikes_count_among_the_twenty(shop, refusal):
    shop(("Ball", "Toys "))
    lines = refusal(*[row(f"Kite {number}") for number in range(30)])
    assert len(lines) == 21
    assert lines[0].startswith("row 1, category: ")
    assert lines[20] == "… and 10 more."


def test_a_dry_run_refuses_lookalikes_too(shop, call, file):
    shop(("Kite ", "Toys"))
    with pytest.raises(CommandError, match="1 error in 1 row"):
        call("import_products", file([row("Kite")]), dry_run=True)


def test_lookalikes_are_found_beyond_the_first_batch(shop, refusal, monkeypatch):
    monkeypatch.setattr(lookalikes, "BATCH", 2)
    shop(*[(f"Kite {number} ", "Toys") for number in range(5)])
    assert len(refusal(*[row(f"Kite {number}") for number in range(5)])) == 5


def test_a_stored_text_that_nobody_sees_is_no_obstacle(shop, call, file):
    shop((" ", "\u200b"))
    assert "1 created, 0 updated" in call("import_products", file([row("Kite")]))


def test_the_import_can_run_again_after_lookalikes(shop, refusal, call, file):
    shop(("Kite ", "Toys"))
    refusal(row("Kite"))
    Product.objects.all().delete()
    call("import_products", file([row("Kite")]))
