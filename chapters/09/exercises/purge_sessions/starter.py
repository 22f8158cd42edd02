from datetime import timedelta

from django.core.management.base import BaseCommand
from django.utils import timezone

from shared_project.shop.models import Session


class Command(BaseCommand):
    help = "Delete sessions that nobody has used for a number of days."

    def add_arguments(self, parser):
        parser.add_argument("--days", type=int, default=90)
        parser.add_argument("--dry-run", action="store_true", help="Only count.")

    def handle(self, *args, **options):
        days = options["days"]
        old = Session.objects.all()
        if days:
            cutoff = timezone.now() - timedelta(days=days)
            old = old.filter(last_activity__lt=cutoff)
        if options["dry_run"]:
            self.stdout.write(f"Would delete {Session.objects.count()} sessions.")
            return
        count = old.delete()[0]
        self.stdout.write(f"Deleted {count} sessions.")
