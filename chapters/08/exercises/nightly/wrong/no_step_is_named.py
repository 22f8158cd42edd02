from django.core.management import call_command
from django.core.management.base import BaseCommand

STEPS = ["process_orders", "migrate_data", "cleanup_old_data"]
PASSED_ON = ["verbosity", "no_color", "force_color", "stdout", "stderr"]


class Command(BaseCommand):
    help = "Run the commands of the night, one after the other, up to the first that fails."

    def handle(self, *args, **options):
        passed_on = {name: options.get(name) for name in PASSED_ON}
        for step in STEPS:
            call_command(step, **passed_on)
        if options["verbosity"] > 0:
            self.stdout.write("Good night!")
