from argparse import ArgumentTypeError
from decimal import Decimal, InvalidOperation

from django.core.management.base import BaseCommand
from django.db.models import F
from django.db.models.functions import Round

from shared_project.shop.models import Product


def amount(value):
    try:
        number = Decimal(value)
        if number > 0 and number == round(number, 2):
            return number
    except InvalidOperation:  # not a number
        pass
    raise ArgumentTypeError("Expected an amount such as 0.50.")


class Command(BaseCommand):
    help = "Add an amount to each price of a category."

    def add_arguments(self, parser):
        parser.add_argument("category", help="The products' category.")
        parser.add_argument("amount", type=amount, help="Such as 0.50.")

    def handle(self, *args, **options):
        products = Product.objects.filter(category=options["category"])
        raised = products.update(price=Round(F("price") + options["amount"], precision=2))
        self.stdout.write(f"Raised {raised} prices.")
