import csv
from pathlib import Path

from django.core.management.base import BaseCommand

from shared_project.shop.models import Customer


class Command(BaseCommand):
    help = "Import customers from a CSV file."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="A CSV file with the columns name and email.")

    def handle(self, *args, **options):
        with options["file"].open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                customer = Customer(name=row["name"], email=row["email"])
                customer.full_clean()
                customer.save()
        self.stdout.write("Done!")
