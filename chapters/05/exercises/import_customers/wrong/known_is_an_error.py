import csv
from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from shared_project.shop.models import Customer

COLUMNS = {"name", "email"}


class Command(BaseCommand):
    help = "Import customers from a CSV file: all of it, or nothing."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="A CSV file with the columns name and email.")

    def handle(self, *args, **options):
        rows = self.read_rows(options["file"])
        errors = list(self.find_errors(rows))
        if errors:
            self.stderr.write("\n".join(errors))
            raise CommandError(f"Errors: {len(errors)}. Nothing was imported.")
        created_count = 0
        with transaction.atomic():
            for _, row in rows:
                _, created = Customer.objects.update_or_create(
                    email=row["email"], defaults={"name": row["name"]}
                )
                created_count += created
        self.stdout.write(f"New: {created_count}. Known: {len(rows) - created_count}.")

    def read_rows(self, path):
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.DictReader(file)
                rows = [(reader.line_num, row) for row in reader]
        except (OSError, ValueError, csv.Error) as error:
            raise CommandError(f"Cannot read {path}: {error}") from error
        if not COLUMNS.issubset(reader.fieldnames or []):
            raise CommandError(f"{path}: Expected the columns name and email.")
        return rows

    def find_errors(self, rows):
        seen = set()
        for line, row in rows:
            try:
                Customer(name=row["name"], email=row["email"]).full_clean()
            except ValidationError as error:
                for field, messages in error.message_dict.items():
                    yield f"line {line}, {field}: {' '.join(messages)}"
            if row["email"] in seen:
                yield f"line {line}, email: This email is in the file twice."
            seen.add(row["email"])
