from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Print labels with the name of a product, one in each line."

    def add_arguments(self, parser):
        parser.add_argument("name")
        parser.add_argument("copies", help="How many, 1 to 100.")

    def handle(self, *args, **options):
        copies = options["copies"]
        if not copies.isdecimal() or not 1 <= int(copies) <= 100:
            raise CommandError(f"Must be a number from 1 to 100, not {copies}.")
        for _ in range(int(copies)):
            self.stdout.write(options["name"])
