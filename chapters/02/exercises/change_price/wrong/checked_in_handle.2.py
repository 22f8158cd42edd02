from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from shared_project.shop.models import Product


class Command(BaseCommand):
    help = "Set the price of a product."

    def add_arguments(self, parser):
        parser.add_argument("name")
        parser.add_argument("price", help="Such as 4.50.")

    def handle(self, *args, **options):
        try:
            product = Product.objects.get(name=options["name"])
            product.price = Decimal(options["price"])
            product.full_clean()
        except (Product.DoesNotExist, InvalidOperation, ValidationError) as error:
            raise CommandError(f"{options['name']}: {error}") from None
        product.save()
        self.stdout.write(f"{product.name} now costs {product.price}.")
