from decimal import Decimal

from django.core.management.base import BaseCommand
from django.db import transaction

from shared_project.shop.models import Product


class Command(BaseCommand):
    help = "Change prices by a percentage, in one transaction."

    def add_arguments(self, parser):
        parser.add_argument("--percentage", type=Decimal)

    @transaction.atomic
    def handle(self, *args, **options):
        products = Product.objects.all()
        for product in products:
            product.price = round(product.price * (1 + options["percentage"] / 100), 2)
            product.save()
        self.stdout.write(f"Updated {len(products)} products.")
