from decimal import Decimal
from io import StringIO

from django.core.management import call_command
from django.test import TestCase

from shared_project.shop.models import Product


class ApplyDiscountTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.kite = Product.objects.create(name="Kite", price=Decimal("8.30"), category="Toys")
        cls.ball = Product.objects.create(name="Ball", price=Decimal("0.05"), category="Toys")
        cls.rake = Product.objects.create(name="Rake", price=Decimal("10.00"), category="Garden")

    def price_after(self, percentage, product):
        call_command("apply_discount", "Toys", percentage, stdout=StringIO())
        product.refresh_from_db()
        return product.price

    def test_half_a_cent_is_rounded_up(self):
        self.assertEqual(self.price_after("25", self.kite), Decimal("6.23"))

    def test_the_smallest_half_is_rounded_up(self):
        self.assertEqual(self.price_after("50", self.ball), Decimal("0.03"))

    def test_other_categories_keep_their_prices(self):
        self.assertEqual(self.price_after("25", self.rake), Decimal("10.00"))
