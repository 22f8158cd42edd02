from django.core.management.base import BaseCommand, CommandError
from django.db.models import F, Window
from django.db.models.functions import DenseRank

from shared_project.shop.models import Order


class Command(BaseCommand):
    help = "Delete old orders, and keep the newest of each customer."

    def add_arguments(self, parser):
        parser.add_argument("--keep", type=int, default=5)

    def handle(self, *args, **options):
        keep = options["keep"]
        if keep < 1:
            raise CommandError("--keep: must be 1 or more.", returncode=2)
        finished = Order.objects.exclude(status=Order.Status.PENDING).exclude(customer=None)
        row = Window(DenseRank(), partition_by=F("customer"), order_by="-created_at")
        old = finished.annotate(row=row).filter(row__gt=keep)
        count, _ = Order.objects.filter(pk__in=old.values("pk")).delete()
        self.stdout.write(f"Deleted {count} orders.")
