from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

STEPS = ["process_orders", "migrate_data", "cleanup_old_data"]


class Command(BaseCommand):
    help = "Run the commands of the night, one after the other, up to the first that fails."

    def handle(self, *args, **options):
        for step in STEPS:
            try:
                call_command(step)
            except CommandError as error:
                raise CommandError(f"{step}: {error}") from error
            except SystemExit as error:
                raise CommandError(f"{step} exited with {error}.") from error
        if options["verbosity"] > 0:
            self.stdout.write("Good night!")
