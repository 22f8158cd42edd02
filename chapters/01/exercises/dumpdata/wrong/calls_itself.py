from django.core.management import call_command
from django.core.management.commands import dumpdata


class Command(dumpdata.Command):
    def handle(self, *args, **options):
        options["exclude"] = [*options["exclude"], "auth.user"]
        call_command("dumpdata", *args, **options)
