"""What the quiz says, where no other test runs it."""

from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from shared_project.shop.models import Product

DATA = Path(__file__).parent.parent / "data"

pytestmark = pytest.mark.django_db


def test_create_stores_what_clean_fields_refuses():
    Product.objects.create(name="", price=5, category="Toys")
    with pytest.raises(ValidationError, match="This field cannot be blank"):
        Product.objects.get().clean_fields()


def test_an_error_that_is_caught_in_the_block_rolls_nothing_back():
    rows = [{"name": f"Toy {number}", "price": number} for number in range(1, 6)]
    del rows[2]["price"]
    failed = 0
    with transaction.atomic():
        for row in rows:
            try:
                name, price = row["name"], row["price"]
                Product.objects.create(name=name, price=price, category="Toys")
            except KeyError:
                failed += 1
    assert failed == 1
    assert [*Product.objects.values_list("price", flat=True)] == [1, 2, 4, 5]


def test_a_dry_run_of_step_3_fails_where_the_run_would(call, step):
    with pytest.raises(UnicodeEncodeError):
        call(step(3), DATA / "cut_emoji.json", dry_run=True)
    assert not Product.objects.exists()
