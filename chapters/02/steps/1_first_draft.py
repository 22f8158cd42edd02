from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Greet somebody, as often as you like."

    def add_arguments(self, parser):
        parser.add_argument("name", help="Whom to greet.")
        parser.add_argument("times", type=int, help="How often, 1 or more.")

    def handle(self, *args, **options):
        for _ in range(options["times"]):
            self.stdout.write(f"Hello, {options['name']}!")
