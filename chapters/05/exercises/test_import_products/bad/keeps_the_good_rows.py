import json
from decimal import Decimal
from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from shared_project.shop.models import Product

FIELDS = {"name", "price", "category"}


class Command(BaseCommand):
    help = "Import products from a JSON file."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="A JSON list of products.")

    def handle(self, *args, **options):
        rows = self.read_rows(options["file"])
        errors = []
        for number, row in enumerate(rows, start=1):
            errors += [f"row {number}, {error}" for error in self.find_errors(row)]
            if not errors:
                self.store(row)
        if errors:
            self.stderr.write("\n".join(errors))
            raise CommandError(f"Errors: {len(errors)}.")
        self.stdout.write(f"Imported {len(rows)} products.")

    def read_rows(self, path):
        try:
            rows = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        except (OSError, ValueError) as error:
            raise CommandError(f"Cannot read {path}: {error}") from error
        if not isinstance(rows, list):
            raise CommandError(f"{path}: Expected a list of products.")
        return rows

    def find_errors(self, row):
        if not isinstance(row, dict) or row.keys() != FIELDS:
            return [f"fields: Expected {', '.join(sorted(FIELDS))}."]
        try:
            Product(**row).clean_fields()
        except ValidationError as error:
            return [
                f"{field}: {' '.join(messages)}" for field, messages in error.message_dict.items()
            ]
        return []

    def store(self, row):
        Product.objects.update_or_create(
            name=row["name"], defaults={"price": row["price"], "category": row["category"]}
        )
