from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Reset the shop."

    def add_arguments(self, parser):
        parser.add_argument("fixture", nargs="?", default="full_reset")
        parser.add_argument("--no-input", action="store_true")

    def handle(self, *args, **options):
        if not options["no_input"] and input("Delete everything? [y/N] ") != "y":
            self.stdout.write("Aborted.")
            return
        call_command("flush", interactive=False)
        call_command("migrate")
        call_command("loaddata", options["fixture"])
