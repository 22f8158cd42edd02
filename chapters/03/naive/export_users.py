import csv

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Export users to a file."

    def add_arguments(self, parser):
        parser.add_argument("--format", choices=["csv", "json", "xml"], default="csv")
        parser.add_argument("--output", default="users.csv")
        parser.add_argument("--fields", nargs="+", default=["username", "email"])

    def handle(self, *args, **options):
        self.stdout.write(f"Exporting users to {options['output']}...")
        if options["format"] == "csv":
            with open(options["output"], "w") as file:  # noqa: PTH123
                writer = csv.writer(file)
                writer.writerow(options["fields"])
                for row in User.objects.values_list(*options["fields"]):
                    writer.writerow(row)
