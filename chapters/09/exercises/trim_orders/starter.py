from django.core.management.base import BaseCommand

from shared_project.shop.models import Order


class Command(BaseCommand):
    help = "Delete old orders, and keep the newest of each customer."

    def add_arguments(self, parser):
        parser.add_argument("--keep", type=int, default=5)

    def handle(self, *args, **options):
        keep = options["keep"]
        count, _ = Order.objects.order_by("-created_at")[keep:].delete()
        self.stdout.write(f"Deleted {count} orders.")
