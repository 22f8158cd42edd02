import json

from django.core.management.base import BaseCommand

from shared_project.shop.models import Order


class Command(BaseCommand):
    help = "Print the orders as JSON Lines."

    def handle(self, *args, **options):
        for order in Order.objects.iterator():
            row = {
                "number": order.number,
                "total": str(order.total),
                "status": order.status,
                "created_at": order.created_at.isoformat(),
            }
            self.stdout.write(json.dumps(row))
