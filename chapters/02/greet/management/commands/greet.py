from django.core.management.base import BaseCommand

from greet.arguments import check, non_empty, positive_number
from greet.text import printable


class Command(BaseCommand):
    help = "Greet somebody, as often as you like."

    def add_arguments(self, parser):
        parser.add_argument("name", metavar="NAME", type=non_empty, help="Whom to greet.")
        parser.add_argument(
            "times", metavar="TIMES", type=positive_number, help="How often, 1 or more."
        )

    def handle(self, *, name, times, verbosity, **options):
        name = check(non_empty, name, "NAME")
        times = check(positive_number, times, "TIMES")
        if verbosity == 0:
            return
        for _ in range(times):
            self.stdout.write(f"Hello, {printable(name)}!")
