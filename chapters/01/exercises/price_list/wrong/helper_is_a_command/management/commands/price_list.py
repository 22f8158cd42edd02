from django.core.management.base import BaseCommand

from shared_project.shop.models import Product

from .euro import euro


class Command(BaseCommand):
    help = "Print the price of every product."

    def handle(self, *args, **options):
        for product in Product.objects.all():
            self.stdout.write(f"{product.name}: {euro(product.price)}")
