from django.core.management.base import BaseCommand

from shared_project.shop.models import Product


class Command(BaseCommand):
    help = "Say how many products the shop has."

    def handle(self, *args, **options):
        print(f"The shop has {Product.objects.count()} products.")
