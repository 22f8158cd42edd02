from argparse import ArgumentTypeError

from django.core.management.base import BaseCommand


def whole_number(text):
    number = int(text)
    if not 1 <= number <= 1000:
        raise ArgumentTypeError(f"must be from 1 to 1000, not {number}.")
    return number


def printable(text):
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


class Command(BaseCommand):
    help = "Greet somebody, as often as you like."

    def add_arguments(self, parser):
        parser.add_argument("name", help="Whom to greet.")
        parser.add_argument("times", type=whole_number, help="How often, 1 to 1000.")

    def handle(self, *args, **options):
        name = printable(options["name"])
        for _ in range(options["times"]):
            self.stdout.write(f"Hello, {name}!")
