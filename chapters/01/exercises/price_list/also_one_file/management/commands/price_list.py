from django.core.management.base import BaseCommand

from shared_project.shop.models import Product


class Command(BaseCommand):
    help = "Print the price of every product."

    def handle(self, *args, **options):
        for product in Product.objects.all():
            self.stdout.write(f"{product.name}: {euro(product.price)}")


def euro(amount):
    """Return an amount of money as the price tags show it: 1.234,50 €."""
    return f"{amount:,.2f} €".translate(str.maketrans(",.", ".,"))
