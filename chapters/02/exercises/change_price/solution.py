import argparse

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from shared_project.shop.models import Product


def price(text):
    try:
        return Product._meta.get_field("price").clean(text, None)
    except ValidationError as error:
        raise argparse.ArgumentTypeError(" ".join(error.messages)) from None


class Command(BaseCommand):
    help = "Set the price of a product."

    def add_arguments(self, parser):
        parser.add_argument("name")
        parser.add_argument("price", type=price, help="Such as 4.50.")

    def handle(self, *args, **options):
        name, price = options["name"], options["price"]
        if not Product.objects.filter(name=name).update(price=price):
            raise CommandError(f"There is no product {name!r}.")
        self.stdout.write(f"{name} now costs {price:.2f}.")
