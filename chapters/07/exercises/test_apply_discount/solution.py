from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from shared_project.shop.models import Product


@pytest.mark.django_db
def test_half_a_cent_is_rounded_up():
    kite = Product.objects.create(name="Kite", price=Decimal("8.30"), category="Toys")
    call_command("apply_discount", "Toys", "25", stdout=StringIO())
    kite.refresh_from_db()
    assert kite.price == Decimal("6.23")  # 6.225, half a cent is rounded up


@pytest.mark.django_db
def test_other_categories_keep_their_prices():
    rake = Product.objects.create(name="Rake", price=Decimal("10.00"), category="Garden")
    call_command("apply_discount", "Toys", "25", stdout=StringIO())
    rake.refresh_from_db()
    assert rake.price == Decimal("10.00")
