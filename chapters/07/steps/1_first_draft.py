from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from shared_project.shop.models import Product


class Command(BaseCommand):
    help = "Change prices by a percentage."

    def add_arguments(self, parser):
        parser.add_argument("--percentage", type=float, required=True, help="Such as 10 or -2.5.")
        parser.add_argument("--category", help="Only the products of this category.")
        parser.add_argument(
            "--dry-run", action="store_true", help="Roll the change back at its end."
        )

    def handle(self, *args, **options):
        products = Product.objects.all()
        if options["category"]:
            products = products.filter(category=options["category"])
        if not products:
            raise CommandError("There are no such products.")
        factor = 1 + options["percentage"] / 100
        verb = "Would change" if options["dry_run"] else "Changed"
        with transaction.atomic():
            for product in products:
                product.price = round(float(product.price) * factor, 2)
                product.save()
            self.stdout.write(f"{verb} {len(products)} prices.")
            if options["dry_run"]:
                transaction.set_rollback(True)
