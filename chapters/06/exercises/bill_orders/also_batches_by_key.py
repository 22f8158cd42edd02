from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from shared_project.shop.models import AuditLog, Order

BATCH_SIZE = 50


class Command(BaseCommand):
    help = "Bill the pending orders."

    def handle(self, *args, **options):
        pending = Order.objects.filter(status="pending").order_by("pk")
        last, billed, nameless = 0, 0, []
        while batch := list(pending.filter(pk__gt=last)[:BATCH_SIZE]):
            with transaction.atomic():
                for order in batch:
                    if order.customer is None:
                        nameless.append(order.number)
                        continue
                    AuditLog.objects.create(
                        actor="bill_orders", action=f"billed order {order.number}"
                    )
                    order.status = "processed"
                    order.save(update_fields=["status"])
                    billed += 1
            last = batch[-1].pk
        self.stdout.write(f"Billed {billed} orders.")
        if nameless:
            raise CommandError(f"Left pending, without a customer: {', '.join(nameless)}")
