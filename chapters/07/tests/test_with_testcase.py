from decimal import Decimal
from io import StringIO

from django.core.management import call_command
from django.test import TestCase

from shared_project.shop.models import Product


class BulkUpdateTest(TestCase):
    def test_half_a_cent_is_rounded_up(self):
        rake = Product.objects.create(name="Rake", price=Decimal("54.05"), category="Garden")
        call_command("bulk_update", "--percentage=10", stdout=StringIO())
        rake.refresh_from_db()
        self.assertEqual(rake.price, Decimal("59.46"))
