import sys

from django.core.management.base import BaseCommand
from tqdm import tqdm

from shared_project.shop.models import Order


class Command(BaseCommand):
    help = "Pack the pending orders."

    def handle(self, *args, **options):
        orders = Order.objects.filter(status="pending")
        hidden = options["verbosity"] == 0 or not sys.stderr.isatty()
        packed = 0
        for order in tqdm(orders, file=sys.stdout, disable=hidden):
            order.status = "processed"
            order.save(update_fields=["status"])
            packed += 1
        self.stdout.write(f"Packed {packed} orders.")
