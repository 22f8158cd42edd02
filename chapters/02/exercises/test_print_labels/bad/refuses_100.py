import argparse

from django.core.management.base import BaseCommand


def copies(text):
    number = int(text)
    if not 1 <= number <= 99:
        raise argparse.ArgumentTypeError(f"must be from 1 to 100, not {number}.")
    return number


class Command(BaseCommand):
    help = "Print labels with the name of a product, one in each line."

    def add_arguments(self, parser):
        parser.add_argument("name")
        parser.add_argument("copies", type=copies, help="How many, 1 to 100.")

    def handle(self, *args, **options):
        for _ in range(options["copies"]):
            self.stdout.write(options["name"])
