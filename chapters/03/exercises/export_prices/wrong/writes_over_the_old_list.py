import csv
import io
from pathlib import Path

from django.core.management.base import BaseCommand

from shared_project.shop.models import Product


class Command(BaseCommand):
    help = "Export the price list to a CSV file."

    def add_arguments(self, parser):
        parser.add_argument("--output", type=Path, default="prices.csv", help="The file to write.")

    def handle(self, *args, **options):
        output = options["output"]
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer)
        writer.writerow(["name", "price"])
        for name, price in Product.objects.values_list("name", "price").iterator():
            writer.writerow([name, price])
        output.write_text(buffer.getvalue(), encoding="utf-8", newline="")
        self.stdout.write(f"Wrote {output}.")
