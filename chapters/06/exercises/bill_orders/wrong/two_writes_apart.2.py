from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from shared_project.shop.models import AuditLog, Order


class Command(BaseCommand):
    help = "Bill the pending orders."

    def handle(self, *args, **options):
        pending = Order.objects.filter(status="pending")
        billed, nameless = [], []
        for order in pending:
            if order.customer is None:
                nameless.append(order.number)
                continue
            with transaction.atomic():
                AuditLog.objects.create(actor="bill_orders", action=f"billed order {order.number}")
            billed.append(order.pk)
        pending.filter(pk__in=billed).update(status="processed")
        self.stdout.write(f"Billed {len(billed)} orders.")
        if nameless:
            raise CommandError(f"Left pending, without a customer: {', '.join(nameless)}")
