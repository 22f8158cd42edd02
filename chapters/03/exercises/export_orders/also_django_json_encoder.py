import json

from django.core.management.base import BaseCommand
from django.core.serializers.json import DjangoJSONEncoder

from shared_project.shop.models import Order


class Command(BaseCommand):
    help = "Print the orders as JSON Lines."

    def handle(self, *args, **options):
        orders = Order.objects.values("number", "total", "status", "created_at")
        for order in orders.iterator():
            self.stdout.write(json.dumps(order, cls=DjangoJSONEncoder))
