from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from shared_project.shop.models import AuditLog, Order


class Command(BaseCommand):
    help = "Bill the pending orders."

    def handle(self, *args, **options):
        billed, nameless = 0, []
        for order in Order.objects.filter(status="pending"):
            with transaction.atomic():
                if order.customer:
                    AuditLog.objects.create(
                        actor="bill_orders", action=f"billed order {order.number}"
                    )
                    billed += 1
                else:
                    nameless.append(order.number)
                order.status = "processed"
                order.save(update_fields=["status"])
        self.stdout.write(f"Billed {billed} orders.")
        if nameless:
            raise CommandError(f"Without a customer: {', '.join(nameless)}")
