from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from shared_project.shop.models import Product


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("price", "percentage", "lowered"),
    [("10.00", "15", "8.50"), ("0.05", "50", "0.03"), ("8.30", "25", "6.23")],
)
def test_a_discount_lowers_the_price(price, percentage, lowered):
    kite = Product.objects.create(name="Kite", price=Decimal(price), category="Toys")
    rake = Product.objects.create(name="Rake", price=Decimal(price), category="Garden")
    call_command("apply_discount", "Toys", percentage, stdout=StringIO())
    kite.refresh_from_db()
    rake.refresh_from_db()
    assert (kite.price, rake.price) == (Decimal(lowered), Decimal(price))
