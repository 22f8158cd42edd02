from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Delete every row of the database, and load a fixture."

    def add_arguments(self, parser):
        parser.add_argument(
            "fixture", nargs="?", default="full_reset", help="A file for loaddata."
        )

    def handle(self, *args, **options):
        call_command("migrate", interactive=False)
        call_command("flush", interactive=False)
        call_command("loaddata", options["fixture"])
        self.stdout.write(f"Replaced all rows with those of {options['fixture']}.")
