import csv
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.core.management.base import BaseCommand

from shared_project.shop.models import Product


class Command(BaseCommand):
    help = "Export the price list to a CSV file."

    def add_arguments(self, parser):
        parser.add_argument("--output", type=Path, default="prices.csv", help="The file to write.")

    def handle(self, *args, **options):
        output = options["output"]
        with NamedTemporaryFile(
            "w", encoding="utf-8", newline="", dir=output.parent, delete=False
        ) as file:
            part = Path(file.name)
            try:
                writer = csv.writer(file)
                writer.writerow(["name", "price"])
                writer.writerows(Product.objects.values_list("name", "price").iterator())
                file.close()
                part.chmod(0o644)
                part.replace(output)
            finally:
                part.unlink(missing_ok=True)
        self.stdout.write(f"Wrote {output}.")
