from datetime import timedelta

from django.core.management.base import BaseCommand
from django.utils import timezone
from tqdm import tqdm

from shared_project.shop.models import Session


class Command(BaseCommand):
    help = "Delete sessions that nobody has used for a number of days."

    def add_arguments(self, parser):
        parser.add_argument("--days", type=int, default=90)
        parser.add_argument("--batch-size", type=int, default=1000)
        parser.add_argument("--dry-run", action="store_true", help="Only count.")

    def handle(self, *args, **options):
        days, size = options["days"], options["batch_size"]
        cutoff = timezone.now() - timedelta(days=days)
        old = Session.objects.filter(last_activity__lt=cutoff)
        total = old.count()
        self.stdout.write(f"Cutoff: {cutoff:%Y-%m-%d %H:%M:%S %Z}")
        if options["dry_run"]:
            self.stdout.write(f"Would delete {total} sessions.")
            return
        deleted = 0
        with tqdm(total=total, unit="session", disable=None) as bar:
            while keys := list(old.values_list("pk", flat=True)[:size]):
                count, _ = Session.objects.filter(pk__in=keys).delete()
                deleted += count
                bar.update(count)
        self.stdout.write(f"Deleted {deleted} sessions.")
