from django.core.management.base import BaseCommand

from shared_project.toolkit.arguments import non_empty, positive_number
from shared_project.toolkit.text import printable


class Command(BaseCommand):
    help = "Greet somebody, as often as you like."

    def add_arguments(self, parser):
        parser.add_argument("name", metavar="NAME", type=non_empty, help="Whom to greet.")
        parser.add_argument(
            "times", metavar="TIMES", type=positive_number, help="How often, 1 or more."
        )

    def handle(self, *, name, times, verbosity, **options):
        if verbosity == 0:
            return
        for _ in range(times):
            self.stdout.write(f"Hello, {printable(name)}!")
