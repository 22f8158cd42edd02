import sys

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.base import DeserializationError
from django.db import DataError, IntegrityError, transaction

PASSED_ON = ["verbosity", "no_color", "force_color", "stdout", "stderr"]


class Command(BaseCommand):
    help = "Delete every row of the database, and load a fixture."

    def add_arguments(self, parser):
        parser.add_argument(
            "fixture", nargs="?", default="full_reset", help="A file for loaddata."
        )
        parser.add_argument("--no-input", action="store_true", help="Do not ask first.")

    def handle(self, *args, **options):
        if not settings.DEBUG:
            raise CommandError("DEBUG is off, as in production. Nothing has changed.")
        if not options["no_input"]:
            self.confirm()
        passed_on = {name: options.get(name) for name in PASSED_ON}
        call_command("migrate", interactive=False, **passed_on)
        try:
            with transaction.atomic():
                call_command("flush", interactive=False, **passed_on)
                call_command("loaddata", options["fixture"], **passed_on)
        except (CommandError, DeserializationError, DataError, IntegrityError) as error:
            raise CommandError(f"No row has changed. {error}") from error
        if options["verbosity"] > 0:
            self.stdout.write(f"Replaced all rows with those of {options['fixture']}.")

    def confirm(self):
        if sys.stdin is None or not sys.stdin.isatty():
            raise CommandError("There is no terminal to ask on. Add --no-input.")
        name = settings.DATABASES["default"]["NAME"]
        self.stderr.write(f"This deletes every row of {name}.")
        self.stderr.write('Type "yes" to go on: ', ending="")
        try:
            answer = input()
        except (EOFError, KeyboardInterrupt):
            self.stderr.write()
            answer = "no"
        if answer.strip().lower() not in {"y", "yes"}:
            raise CommandError("Aborted. Nothing has changed.")
