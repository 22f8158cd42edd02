from decimal import Decimal

from django.core.management.base import BaseCommand

from shared_project.shop.models import Product


class Command(BaseCommand):
    help = "Set the price of a product."

    def add_arguments(self, parser):
        parser.add_argument("name")
        parser.add_argument("price", type=Decimal)

    def handle(self, *args, **options):
        name, price = options["name"], options["price"]
        Product.objects.filter(name=name).update(price=price)
        self.stdout.write(f"{name} now costs {price}.")
