from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Dump the shop, without users and their password hashes."

    def handle(self, *args, **options):
        call_command("dumpdata", exclude=["auth.user"])
