import json
from decimal import Decimal

from django.core.management.base import BaseCommand
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Count, Sum

from shared_project.shop.models import Order

CENT = Decimal("0.01")


class Command(BaseCommand):
    help = "Say how many orders were processed, and what they come to."

    def add_arguments(self, parser):
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args, **options):
        self.stderr.write("Adding up...", str)
        processed = Order.objects.filter(status=Order.Status.PROCESSED)
        report = processed.aggregate(orders=Count("pk"), total=Sum("total", default=Decimal(0)))
        report["total"] = report["total"].quantize(CENT)
        if options["format"] == "json":
            self.stdout.write(json.dumps(report, indent=2, cls=DjangoJSONEncoder))
        else:
            self.stdout.write(self.style.SUCCESS("{orders} orders, {total}".format(**report)))
