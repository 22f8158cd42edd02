import json

from django.core.management.base import BaseCommand

from shared_project.shop.models import Order


class Command(BaseCommand):
    help = "Print the orders as JSON Lines."

    def handle(self, *args, **options):
        for order in Order.objects.values("number", "total", "status", "created_at").iterator():
            self.stdout.write(json.dumps(order, default=str))
