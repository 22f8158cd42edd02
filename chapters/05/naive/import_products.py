import json

from django.core.management.base import BaseCommand

from shared_project.shop.models import Product


class Command(BaseCommand):
    help = "Import products from a JSON file."

    def add_arguments(self, parser):
        parser.add_argument("file")

    def handle(self, *args, **options):
        with open(options["file"]) as file:  # noqa: PTH123
            rows = json.load(file)
        for row in rows:
            try:
                Product.objects.update_or_create(
                    name=row["name"],
                    defaults={"price": row["price"], "category": row["category"]},
                )
            except Exception as error:  # noqa: BLE001
                self.stdout.write(f"Error: {error}")
        self.stdout.write(f"Imported {len(rows)} products")
