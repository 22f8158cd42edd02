from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from shared_project.shop.models import Product


@pytest.mark.django_db
def test_a_discount_lowers_the_price():
    kite = Product.objects.create(name="Kite", price=Decimal("10.00"), category="Toys")
    call_command("apply_discount", "Toys", "15", stdout=StringIO())
    kite.refresh_from_db()
    assert kite.price == Decimal("8.50")
