import time

from django.core.management.base import BaseCommand
from django.db import transaction

from shared_project.shop.models import Order


class Command(BaseCommand):
    help = "Process all pending orders."

    @transaction.atomic
    def handle(self, *args, **options):
        orders = Order.objects.filter(status="pending")
        total = orders.count()
        for done, order in enumerate(orders, 1):
            time.sleep(0.02)  # the work
            order.status = "processed"
            order.save()
            self.stdout.write(f"\rProcessed {done} of {total}", ending="")
            self.stdout.flush()
        self.stdout.write("\nDone!")
