from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from shared_project.shop.models import AuditLog, Order

BATCH_SIZE = 50


class Command(BaseCommand):
    help = "Bill the pending orders."

    def handle(self, *args, **options):
        pending = Order.objects.filter(status="pending")
        ready = pending.filter(customer__isnull=False)
        billed = 0
        while batch := list(ready[:BATCH_SIZE]):
            with transaction.atomic():
                AuditLog.objects.bulk_create(
                    AuditLog(actor="bill_orders", action=f"billed order {order.number}")
                    for order in batch
                )
                Order.objects.filter(pk__in=[order.pk for order in batch]).update(
                    status="processed"
                )
            billed += len(batch)
        self.stdout.write(f"Billed {billed} orders.")
        nameless = pending.filter(customer=None).values_list("number", flat=True)
        if nameless:
            raise CommandError(f"Left pending, without a customer: {', '.join(nameless)}")
