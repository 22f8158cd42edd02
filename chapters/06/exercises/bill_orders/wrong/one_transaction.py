from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from shared_project.shop.models import AuditLog, Order


class Command(BaseCommand):
    help = "Bill the pending orders."

    @transaction.atomic
    def handle(self, *args, **options):
        billed, nameless = 0, []
        for order in Order.objects.filter(status="pending"):
            if order.customer is None:
                nameless.append(order.number)
                continue
            AuditLog.objects.create(actor="bill_orders", action=f"billed order {order.number}")
            order.status = "processed"
            order.save(update_fields=["status"])
            billed += 1
        self.stdout.write(f"Billed {billed} orders.")
        if nameless:
            raise CommandError(f"Left pending, without a customer: {', '.join(nameless)}")
