from django.core.management.base import BaseCommand

from shared_project.shop.models import Product


class Command(BaseCommand):
    help = "Change prices by a percentage."

    def add_arguments(self, parser):
        parser.add_argument("--percentage", type=float)
        parser.add_argument("--category")

    def handle(self, *args, **options):
        products = Product.objects.all()
        if options["category"]:
            products = products.filter(category=options["category"])
        count = 0
        for product in products:
            price = float(product.price) * (1 + options["percentage"] / 100)
            product.price = round(price, 2)
            product.save()
            count += 1
        self.stdout.write(f"Updated {count} products.")
