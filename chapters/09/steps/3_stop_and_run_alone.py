import signal
from collections import Counter
from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils import timezone
from tqdm import tqdm

from shared_project.shop.models import CartItem, Session

SIGNALS = (signal.SIGINT, signal.SIGTERM)
LOCK = 9_000_001


class Command(BaseCommand):
    help = "Delete sessions that nobody has used for a number of days."

    def add_arguments(self, parser):
        parser.add_argument("--days", type=int, default=90)
        parser.add_argument("--batch-size", type=int, default=1000)
        parser.add_argument("--dry-run", action="store_true", help="Only count.")

    def handle(self, *args, **options):
        days, size = options["days"], options["batch_size"]
        if not 1 <= days <= 36_500:
            raise CommandError("--days: must be from 1 to 36500.", returncode=2)
        if not 1 <= size <= 10_000:
            raise CommandError("--batch-size: must be from 1 to 10000.", returncode=2)
        cutoff = timezone.now() - timedelta(days=days)
        old = Session.objects.filter(last_activity__lt=cutoff)
        total = old.count()
        self.stdout.write(f"Cutoff: {cutoff:%Y-%m-%d %H:%M:%S %Z}")
        if options["dry_run"]:
            items = CartItem.objects.filter(session__in=old).count()
            self.report("Would delete", {"shop.Session": total, "shop.CartItem": items})
            return
        if connection.vendor == "postgresql":
            self.lock()
        deleted = Counter()
        last = old.order_by("pk").values_list("pk", flat=True).last() or 0
        after = 0
        self.received = None
        before = {number: signal.signal(number, self.receive) for number in SIGNALS}
        try:
            with tqdm(total=total, unit="session", disable=None) as bar:
                while after < last and not self.received:
                    batch = old.filter(pk__gt=after, pk__lte=last).order_by("pk")[:size]
                    keys, counts = self.delete(batch)
                    deleted.update(counts)
                    bar.update(len(keys))
                    after = keys[-1] if keys else last
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            self.report("Deleted", deleted)
        if self.received and after < last:
            code = 128 + self.received
            raise CommandError("Stopped. Run it again to go on.", returncode=code)

    def lock(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                raise CommandError("Another cleanup is running.")

    def receive(self, number, frame):
        self.received = number

    def delete(self, batch):
        with transaction.atomic():
            keys = list(batch.select_for_update().values_list("pk", flat=True))
            _, counts = Session.objects.filter(pk__in=keys).delete()
        return keys, counts

    def report(self, verb, counts):
        sessions, items = counts["shop.Session"], counts["shop.CartItem"]
        self.stdout.write(f"{verb} {sessions} sessions and {items} cart items.")
