from argparse import ArgumentTypeError
from datetime import timedelta

from django.core.management.base import BaseCommand
from django.utils import timezone

from shared_project.shop.models import Order


def positive(text):
    number = int(text)
    if number < 1:
        raise ArgumentTypeError("must be at least 1")
    return number


class Command(BaseCommand):
    help = "Blank the customer's text in old orders."

    def add_arguments(self, parser):
        parser.add_argument("--days", type=positive, default=730)
        parser.add_argument("--batch-size", type=positive, default=500)

    def handle(self, *args, **options):
        limit = timezone.now() - timedelta(days=options["days"])
        old = Order.objects.filter(created_at__lt=limit).exclude(legacy_customer="")
        size = options["batch_size"]
        blanked = 0
        try:
            while pks := list(old.values_list("pk", flat=True)[:size]):
                blanked += Order.objects.filter(pk__in=pks).update(legacy_customer="")
        except Exception:
            self.stdout.write(f"Stopped after {blanked} texts.")
            raise
        self.stdout.write(f"Blanked {blanked} texts.")
