from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.core.management.commands import dumpdata


class Command(BaseCommand):
    help = "Dump the shop, without users and their password hashes."

    def add_arguments(self, parser):
        parser.add_argument("labels", nargs="*")
        parser.add_argument("-e", "--exclude", action="append", default=[])

    def handle(self, *args, **options):
        call_command(
            dumpdata.Command(),
            *options["labels"],
            exclude=[*options["exclude"], "auth.user"],
            stdout=self.stdout,
        )
