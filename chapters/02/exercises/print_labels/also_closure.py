import argparse

from django.core.management.base import BaseCommand


def between(low, high):
    def number(text):
        try:
            value = int(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {low} to {high}.")
        return value

    return number


class Command(BaseCommand):
    help = "Print labels with the name of a product, one in each line."

    def add_arguments(self, parser):
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("copies", metavar="COPIES", type=between(1, 100))

    def handle(self, *, name, copies, **options):
        self.stdout.write("\n".join([name] * copies))
