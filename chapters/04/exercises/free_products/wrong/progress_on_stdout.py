from django.core.management.base import BaseCommand

from shared_project.shop.models import Product


class Command(BaseCommand):
    help = "Find the products that cost nothing."

    def handle(self, *args, **options):
        verbosity = options["verbosity"]
        if verbosity >= 1:
            self.stdout.write("Checking...")
        free = Product.objects.filter(price=0)
        if verbosity >= 1:
            self.stdout.write(f"Products that cost nothing: {len(free)}")
        if verbosity >= 2:
            for product in free:
                self.stdout.write(product.name)
