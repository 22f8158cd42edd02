from django.core.management.base import BaseCommand

from shared_project.shop.models import Product


class Command(BaseCommand):
    def handle(self, *args, **options):
        self.stdout.write(f"The shop has {Product.objects.count()} products.")
