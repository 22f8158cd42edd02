from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Run the commands of the night, one after the other, up to the first that fails."

    def handle(self, *args, **options):
        self.run_step("process_orders", options)
        self.run_step("migrate_data", options)
        self.run_step("cleanup_old_data", options)
        if options["verbosity"] > 0:
            self.stdout.write("Good night!")

    def run_step(self, name, options):
        try:
            call_command(
                name,
                verbosity=options["verbosity"],
                no_color=options["no_color"],
                force_color=options["force_color"],
                stdout=self.stdout,
                stderr=self.stderr,
            )
        except (CommandError, SystemExit) as error:
            raise CommandError(f"{name} failed: {error}") from error
