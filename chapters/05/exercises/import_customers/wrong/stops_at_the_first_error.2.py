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
        created_count, seen = 0, set()
        with transaction.atomic():
            for line, row in rows:
                if row["email"] in seen:
                    raise CommandError(f"line {line}: {row['email']} is there twice.")
                seen.add(row["email"])
                customer = Customer.objects.filter(email=row["email"]).first()
                created_count += customer is None
                customer = customer or Customer(email=row["email"])
                customer.name = row["name"]
                try:
                    customer.full_clean()
                except ValidationError as error:
                    raise CommandError(f"line {line}: {error.message_dict}") from error
                customer.save()
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
