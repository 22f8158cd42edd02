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

    def handle(self, *args, **options):
        oldest = timezone.now() - timedelta(hours=options["hours"])
        late = Order.objects.filter(status=Order.Status.PENDING, created_at__lt=oldest)
        if options["verbosity"] >= 1:
            if options["format"] == "json":
                self.stdout.write(json.dumps({"late": [order.number for order in late]}))
            else:
                for order in late:
                    mark = self.style.ERROR("LATE")
                    self.stdout.write(f"{mark:12}{order.number:20}{order.total:>11}")
        if late:
            raise CommandError(f"{len(late)} late orders.")
