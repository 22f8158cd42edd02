import json

from django.core.management.base import BaseCommand
from django.db.models import Sum

from shared_project.shop.models import Order


class Command(BaseCommand):
    help = "Say how many orders were processed, and what they come to."

    def add_arguments(self, parser):
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args, **options):
        self.stderr.write("Adding up...", str)
        processed = Order.objects.filter(status=Order.Status.PROCESSED)
        total = processed.aggregate(total=Sum("total"))["total"]
        report = {"orders": processed.count(), "total": total and f"{total:.2f}"}
        if options["format"] == "json":
            self.stdout.write(json.dumps(report))
        else:
            self.stdout.write(f"{report['orders']} orders, {report['total']}")
