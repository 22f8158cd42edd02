from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Print labels with the name of a product, one in each line."

    def add_arguments(self, parser):
        parser.add_argument("name")
        parser.add_argument("copies", help="How many, 1 to 100.")

    def handle(self, *args, **options):
        try:
            copies = int(options["copies"])
        except ValueError:
            self.stderr.write(f"{options['copies']} is not a number.")
            return
        if not 1 <= copies <= 100:
            self.stderr.write(f"Must be from 1 to 100, not {copies}.")
            return
        for _ in range(copies):
            self.stdout.write(options["name"])
