import json
from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from shared_project.shop.models import Order


class Command(BaseCommand):
    help = "List the pending orders that are older than --hours."

    def add_arguments(self, parser):
        parser.add_argument("--hours", type=int, default=24)
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *, hours, verbosity, **options):
        oldest = timezone.now() - timedelta(hours=hours)
        late = list(Order.objects.filter(status=Order.Status.PENDING, created_at__lt=oldest))
        if verbosity:
            getattr(self, f"write_{options['format']}")(late)
        if late:
            raise CommandError("There are late orders.")

    def write_text(self, late):
        if not late:
            self.stdout.write("No order is late.")
        width = max((len(order.number) for order in late), default=0)
        for order in late:
            mark = self.style.ERROR("LATE")
            self.stdout.write(f"{order.number.ljust(width)}  {str(order.total).rjust(11)}  {mark}")

    def write_json(self, late):
        self.stdout.write(json.dumps({"late": [order.number for order in late]}, indent=2))
