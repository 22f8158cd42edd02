from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from shared_project.shop.models import Product


@pytest.mark.django_db
def test_a_discount_lowers_the_price():
    ball = Product.objects.create(name="Ball", price=Decimal("0.05"), category="Toys")
    rake = Product.objects.create(name="Rake", price=Decimal("10.00"), category="Garden")
    call_command("apply_discount", "Toys", "50", stdout=StringIO())
    ball.refresh_from_db()
    assert ball.price == Decimal("0.03")
    rake.refresh_from_db()
    assert rake.price == Decimal("10.00")
