import csv
from pathlib import Path

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

FIELDS = ["id", "username", "email", "first_name", "last_name", "date_joined"]


class Command(BaseCommand):
    help = "Export the users to a CSV file."

    def add_arguments(self, parser):
        parser.add_argument(
            "-o", "--output", type=Path, default="users.csv", help="The file to write."
        )
        parser.add_argument(
            "--fields",
            nargs="+",
            choices=FIELDS,
            default=["username", "email"],
            metavar="FIELD",
            help=f"The columns: {', '.join(FIELDS)}.",
        )
        parser.add_argument(
            "--active-only", action="store_true", help="Leave out the inactive users."
        )

    def handle(self, *args, **options):
        path, fields = options["output"], options["fields"]
        if not path.parent.is_dir():
            raise CommandError(f"Folder not found: {path.parent}")
        users = User.objects.order_by("id")
        if options["active_only"]:
            users = users.filter(is_active=True)
        count = 0
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(fields)
            for row in users.values_list(*fields):
                writer.writerow(row)
                count += 1
        self.stdout.write(f"Exported {count} users to {path}.")
