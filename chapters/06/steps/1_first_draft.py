import time

from django.core.management.base import BaseCommand
from django.db import transaction

from shared_project.shop.models import AuditLog, Order


class Command(BaseCommand):
    help = "Process the pending orders."

    def add_arguments(self, parser):
        parser.add_argument("--slow", action="store_true", help="Spend 20 ms on each order.")

    def handle(self, *args, **options):
        pending = Order.objects.filter(status="pending").order_by("pk")
        total = pending.count()
        with transaction.atomic():
            for done, order in enumerate(pending, start=1):
                self.process(order, slow=options["slow"])
                self.stdout.write(f"\rProcessed {done} of {total}", ending="")
                self.stdout.flush()
        self.stdout.write("\nDone.")

    def process(self, order, *, slow):
        if slow:
            time.sleep(0.02)
        order.status = "processed"
        order.save()
        AuditLog.objects.create(actor="process_orders", action=f"processed order {order.number}")
