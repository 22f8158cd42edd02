from django.core.management.base import BaseCommand
from django.db import transaction

from shared_project.shop.models import AuditLog, Order


class Command(BaseCommand):
    help = "Bill the pending orders."

    def handle(self, *args, **options):
        billed = 0
        for order in Order.objects.filter(status="pending").exclude(customer=None):
            with transaction.atomic():
                AuditLog.objects.create(actor="bill_orders", action=f"billed order {order.number}")
                order.status = "processed"
                order.save(update_fields=["status"])
            billed += 1
        self.stdout.write(f"Billed {billed} orders.")
