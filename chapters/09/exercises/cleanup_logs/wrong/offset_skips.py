import time
from datetime import timedelta

from django.core.management.base import BaseCommand
from django.utils import timezone

from shared_project.shop.models import AuditLog


class Command(BaseCommand):
    help = "Delete audit logs older than a number of days, for a limited time."

    def add_arguments(self, parser):
        parser.add_argument("--days", type=int, default=90)
        parser.add_argument("--batch-size", type=int, default=1000)
        parser.add_argument("--max-seconds", type=int, default=60)

    def handle(self, *args, **options):
        size = options["batch_size"]
        cutoff = timezone.now() - timedelta(days=options["days"])
        old = AuditLog.objects.filter(created_at__lt=cutoff)
        deleted = 0
        end = time.monotonic() + options["max_seconds"]
        while keys := list(old.values_list("pk", flat=True)[deleted : deleted + size]):
            count, _ = AuditLog.objects.filter(pk__in=keys).delete()
            deleted += count
            if time.monotonic() >= end:
                break
        self.stdout.write(f"Deleted {deleted} audit logs.")
        if left := old.count():
            self.stderr.write(f"{left} old audit logs are left for the next run.")
