import csv
from pathlib import Path

from django.core.management.base import BaseCommand

from shared_project.shop.models import Product


class Command(BaseCommand):
    help = "Export the price list to a CSV file."

    def add_arguments(self, parser):
        parser.add_argument("--output", type=Path, default="prices.csv", help="The file to write.")

    def handle(self, *args, **options):
        output = options["output"]
        part = output.with_name(f".{output.name}.part")
        try:
            with part.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(["name", "price"])
                for name, price in Product.objects.values_list("name", "price"):
                    writer.writerow([name, price])
            part.replace(output)
        finally:
            part.unlink(missing_ok=True)
        self.stdout.write(f"Wrote {output}.")
