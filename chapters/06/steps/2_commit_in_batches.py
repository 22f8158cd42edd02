import time

from django.core.management.base import BaseCommand
from django.db import transaction
from tqdm import tqdm

from shared_project.shop.models import AuditLog, Order

BATCH_SIZE = 20


class Command(BaseCommand):
    help = "Process the pending orders."

    def add_arguments(self, parser):
        parser.add_argument("--slow", action="store_true", help="Spend 20 ms on each order.")

    def handle(self, *args, **options):
        pending = Order.objects.filter(status="pending").order_by("pk")
        total = pending.count()
        processed = 0
        with tqdm(total=total, unit="order", disable=None) as bar:
            while count := self.process_batch(pending, slow=options["slow"]):
                processed += count
                bar.update(count)
        self.stdout.write(f"Processed {processed} of {total} pending orders.")

    def process(self, order, *, slow):
        if slow:
            time.sleep(0.02)
        order.status = "processed"
        order.save()
        AuditLog.objects.create(actor="process_orders", action=f"processed order {order.number}")

    def process_batch(self, pending, *, slow):
        with transaction.atomic():
            batch = list(pending[:BATCH_SIZE])
            for order in batch:
                self.process(order, slow=slow)
        return len(batch)
