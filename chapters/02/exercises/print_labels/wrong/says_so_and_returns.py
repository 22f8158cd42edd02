from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Print labels with the name of a product, one in each line."

    def add_arguments(self, parser):
        parser.add_argument("name")
        parser.add_argument("copies", type=int, help="How many, 1 to 100.")

    def handle(self, *args, **options):
        if not 1 <= options["copies"] <= 100:
            self.stderr.write(f"Must be from 1 to 100, not {options['copies']}.")
            return
        for _ in range(options["copies"]):
            self.stdout.write(options["name"])
