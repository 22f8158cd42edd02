from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from shared_project.shop.models import Product


@pytest.mark.django_db
def test_a_discount_lowers_the_price():
    kite = Product.objects.create(name="Kite", price=Decimal("9.95"), category="Toys")
    rake = Product.objects.create(name="Rake", price=Decimal("10.00"), category="Garden")
    call_command("apply_discount", "Toys", "15", stdout=StringIO())
    kite.refresh_from_db()
    assert kite.price == Decimal("8.46")
    rake.refresh_from_db()
    assert rake.price == Decimal("10.00")
