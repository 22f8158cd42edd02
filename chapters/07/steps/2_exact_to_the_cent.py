from argparse import ArgumentTypeError
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from shared_project.shop.models import Product

CENT = Decimal("0.01")


def percentage(value):
    try:
        number = Decimal(value)
        if -100 < number <= 10_000 and number == round(number, 4):
            return number
    except InvalidOperation:  # not a number
        pass
    raise ArgumentTypeError("Expected -99.9999 to 10000, up to four places.")


class Command(BaseCommand):
    help = "Change prices by a percentage."

    def add_arguments(self, parser):
        parser.add_argument(
            "--percentage", type=percentage, required=True, help="Such as 10 or -2.5."
        )
        parser.add_argument("--category", help="Only the products of this category.")
        parser.add_argument(
            "--dry-run", action="store_true", help="Roll the change back at its end."
        )

    def handle(self, *args, **options):
        products = Product.objects.all()
        if options["category"] is not None:
            products = products.filter(category=options["category"])
        if not products:
            raise CommandError("There are no such products.")
        factor = 1 + options["percentage"] / 100
        changed = 0
        verb = "Would change" if options["dry_run"] else "Changed"
        with transaction.atomic():
            for product in products:
                price = (product.price * factor).quantize(CENT, ROUND_HALF_UP)
                if price != product.price:
                    product.price = price
                    product.save()
                    changed += 1
            self.stdout.write(f"{verb} {changed} of {len(products)} prices.")
            if options["dry_run"]:
                transaction.set_rollback(True)
