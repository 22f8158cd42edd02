from django.core.management.base import BaseCommand

from shared_project.shop.models import Product


class Command(BaseCommand):
    help = "Find the products that cost nothing."

    def handle(self, *args, **options):
        print("Checking...")
        free = Product.objects.filter(price=0)
        print(f"Products that cost nothing: {len(free)}")
        for product in free:
            print(product.name)
        print("Done.")
