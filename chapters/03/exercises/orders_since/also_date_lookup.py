from datetime import date

from django.core.management.base import BaseCommand
from django.utils import timezone

from shared_project.shop.models import Order


class Command(BaseCommand):
    help = "List the orders since the midnight with which a day begins."

    def add_arguments(self, parser):
        parser.add_argument(
            "--since", type=date.fromisoformat, metavar="YYYY-MM-DD", help="The first day to list."
        )

    def handle(self, *args, **options):
        orders = Order.objects.order_by("created_at")
        if options["since"]:
            orders = orders.filter(created_at__date__gte=options["since"])
        for order in orders:
            created_at = timezone.localtime(order.created_at)
            self.stdout.write(f"{order.number} of {created_at:%Y-%m-%d %H:%M}")
