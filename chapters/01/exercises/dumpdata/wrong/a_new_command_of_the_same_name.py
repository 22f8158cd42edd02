from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.core.management.commands import dumpdata


class Command(BaseCommand):
    help = "Dump the shop, without users and their password hashes."

    def handle(self, *args, **options):
        call_command(dumpdata.Command(), exclude=["auth.user"], stdout=self.stdout)
