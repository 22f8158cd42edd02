from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Print a greeting."

    def add_arguments(self, parser):
        parser.add_argument("name")
        parser.add_argument("times", type=int)

    def handle(self, *args, **options):
        self.stdout.write(f"Hello, {options['name']}!\n" * options["times"])
