from django.core.management.base import BaseCommand
from tqdm import tqdm

from shared_project.shop.models import Order


class Command(BaseCommand):
    help = "Pack the pending orders."

    def handle(self, *args, **options):
        orders = Order.objects.filter(status="pending")
        hidden = options["verbosity"] == 0 or not self.stderr.isatty()
        packed = 0
        with tqdm(total=orders.count(), unit="order", disable=hidden) as bar:
            for order in orders.iterator():
                order.status = "processed"
                order.save(update_fields=["status"])
                packed += 1
                bar.update()
        self.stdout.write(f"Packed {packed} orders.")
