from datetime import timedelta

from django.core.management.base import BaseCommand
from django.utils import timezone

from shared_project.shop.models import Order


class Command(BaseCommand):
    help = "List the pending orders that are older than --hours."

    def add_arguments(self, parser):
        parser.add_argument("--hours", type=int, default=24)
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args, **options):
        oldest = timezone.now() - timedelta(hours=options["hours"])
        for order in Order.objects.filter(created_at__lt=oldest):
            self.stdout.write(self.style.ERROR(order.number))
