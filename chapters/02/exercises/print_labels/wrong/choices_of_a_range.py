from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Print labels with the name of a product, one in each line."

    def add_arguments(self, parser):
        parser.add_argument("name")
        parser.add_argument("copies", type=int, choices=range(1, 101))

    def handle(self, *args, **options):
        for _ in range(options["copies"]):
            self.stdout.write(options["name"])
