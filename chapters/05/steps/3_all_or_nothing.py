import json
from decimal import Decimal
from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from shared_project.shop.models import Product

FIELDS = {"name", "price", "category"}


class Command(BaseCommand):
    help = "Import products from a JSON file."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="A JSON list of products.")
        parser.add_argument(
            "--dry-run", action="store_true", help="Roll the import back at its end."
        )

    def handle(self, *args, **options):
        path = options["file"]
        rows = self.read_rows(path)
        errors = []
        for number, row in enumerate(rows, start=1):
            errors += [f"row {number}, {error}" for error in self.find_errors(row)]
        if errors:
            self.stderr.write("\n".join(errors))
            raise CommandError(f"{path}: {len(errors)} errors. Nothing was imported.")
        created_count = 0
        with transaction.atomic():
            for row in rows:
                _, created = Product.objects.update_or_create(
                    name=row["name"],
                    defaults={"price": row["price"], "category": row["category"]},
                )
                created_count += created
            if options["dry_run"]:
                transaction.set_rollback(True)
        verb = "Would import" if options["dry_run"] else "Imported"
        self.stdout.write(f"{verb} {len(rows)} products, {created_count} of them new.")

    def read_rows(self, path):
        try:
            rows = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        except ValueError as error:  # not UTF-8, or not JSON
            raise CommandError(f"{path}: {error}") from error
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
