from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from shared_project.shop.models import Order


class Command(BaseCommand):
    help = "Blank the customer's text in old orders."

    def add_arguments(self, parser):
        parser.add_argument("--days", type=int, default=730)
        parser.add_argument("--batch-size", type=int, default=500)

    def handle(self, *args, **options):
        limit = timezone.now() - timedelta(days=options["days"])
        old = Order.objects.filter(created_at__lt=limit).exclude(legacy_customer="")
        size = options["batch_size"]
        if options["days"] < 1 or size < 1:
            raise CommandError("--days and --batch-size must be at least 1.", returncode=2)
        blanked = 0
        try:
            while pks := list(old.values_list("pk", flat=True)[:size]):
                blanked += Order.objects.filter(pk__in=pks).update(legacy_customer="")
        except KeyboardInterrupt:
            raise CommandError(f"Stopped after {blanked} texts.", returncode=130) from None
        self.stdout.write(f"Blanked {blanked} texts.")
