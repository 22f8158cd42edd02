from argparse import ArgumentTypeError
from decimal import Decimal, InvalidOperation

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import BigIntegerField, DecimalField, F
from django.db.models.functions import Cast, Round

from shared_project.shop.models import Product


def percentage(value):
    try:
        number = Decimal(value)
        if -100 < number <= 10_000 and number == round(number, 4):
            return number
    except InvalidOperation:  # not a number
        pass
    raise ArgumentTypeError("Expected -99.9999 to 10000, up to four places.")


def price_times(factor):
    # In whole cents, because SQLite stores a price as a float.
    cents = Cast(Round(F("price") * 100), BigIntegerField())
    new_cents = (cents * int(factor * 1_000_000) + 500_000) / 1_000_000
    return Cast(new_cents / 100.0, DecimalField(max_digits=10, decimal_places=2))


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
        total = products.count()
        if not total:
            raise CommandError("There are no such products.")
        factor = 1 + options["percentage"] / 100
        priced = products.annotate(new_price=price_times(factor))
        with transaction.atomic():
            changed = priced.exclude(price=F("new_price")).update(price=F("new_price"))
            if options["dry_run"]:
                transaction.set_rollback(True)
        verb = "Would change" if options["dry_run"] else "Changed"
        self.stdout.write(f"{verb} {changed} of {total} prices.")
