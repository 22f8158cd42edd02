from django.core.management.base import BaseCommand

from shared_project.shop.models import Product


class Command(BaseCommand):
    help = "Find the products that cost nothing."

    def handle(self, *, verbosity, **options):
        self.verbosity = verbosity
        if verbosity:
            self.stderr.write("Checking...", str)
        names = Product.objects.filter(price=0).values_list("name", flat=True)
        self.say(1, f"{len(names)} of {Product.objects.count()} products cost nothing.")
        for name in names:
            self.say(2, f"  {name}")
        if verbosity:
            self.stderr.write("Done.", str)

    def say(self, level, text):
        if self.verbosity >= level:
            self.stdout.write(text)
