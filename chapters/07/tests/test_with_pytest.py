from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from shared_project.shop.models import Product


@pytest.mark.django_db
def test_half_a_cent_is_rounded_up():
    rake = Product.objects.create(name="Rake", price=Decimal("54.05"), category="Garden")
    call_command("bulk_update", "--percentage=10", stdout=StringIO())
    rake.refresh_from_db()
    assert rake.price == Decimal("59.46")
