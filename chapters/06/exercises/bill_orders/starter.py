from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from shared_project.shop.models import AuditLog, Order


class Command(BaseCommand):
    help = "Bill the pending orders."

    @transaction.atomic
    def handle(self, *args, **options):
        orders = Order.objects.filter(status="pending")
        for order in orders:
            if order.customer is None:
                raise CommandError(f"Order {order.number} has no customer.")
            AuditLog.objects.create(actor="bill_orders", action=f"billed order {order.number}")
            order.status = "processed"
            order.save(update_fields=["status"])
        self.stdout.write(f"Billed {len(orders)} orders.")
