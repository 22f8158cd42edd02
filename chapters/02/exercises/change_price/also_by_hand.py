import argparse
from decimal import Decimal, InvalidOperation

from django.core.management.base import BaseCommand, CommandError

from shared_project.shop.models import Product


def price(text):
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number.") from None
    if not amount.is_finite():
        raise argparse.ArgumentTypeError(f"must be finite, not {text}.")
    if not 0 <= amount < 10**8:
        raise argparse.ArgumentTypeError(f"must be from 0 to 99999999.99, not {text}.")
    if amount != round(amount, 2):
        raise argparse.ArgumentTypeError(f"must have two decimals at most, not {text}.")
    return amount


class Command(BaseCommand):
    help = "Set the price of a product."

    def add_arguments(self, parser):
        parser.add_argument("name")
        parser.add_argument("price", type=price, help="Such as 4.50.")

    def handle(self, *args, **options):
        name, price = options["name"], options["price"]
        if not Product.objects.filter(name=name).update(price=price):
            raise CommandError(f"There is no product {name!r}.")
        self.stdout.write(f"{name} now costs {price}.")
