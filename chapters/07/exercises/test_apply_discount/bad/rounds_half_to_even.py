from argparse import ArgumentTypeError
from decimal import Decimal, InvalidOperation

from django.core.management.base import BaseCommand
from django.db import transaction

from shared_project.shop.models import Product


def percentage(value):
    try:
        number = Decimal(value)
        if 0 < number <= 100 and number == round(number, 4):
            return number
    except InvalidOperation:  # not a number
        pass
    raise ArgumentTypeError("Expected a number above 0, up to 100.")


class Command(BaseCommand):
    help = "Lower the prices of a category by a percentage."

    def add_arguments(self, parser):
        parser.add_argument("category", help="The products' category.")
        parser.add_argument("percentage", type=percentage, help="Such as 15.")

    def handle(self, *args, **options):
        with transaction.atomic():
            products = Product.objects.select_for_update().filter(category=options["category"])
            for product in products:
                product.price = self.lowered(product.price, options["percentage"])
                product.save(update_fields=["price"])
        self.stdout.write(f"Lowered {len(products)} prices.")

    def lowered(self, price, percentage):
        return round(price * (100 - percentage) / 100, 2)
