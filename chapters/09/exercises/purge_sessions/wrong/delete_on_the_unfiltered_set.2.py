from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from shared_project.shop.models import Session


class Command(BaseCommand):
    help = "Delete sessions that nobody has used for a number of days."

    def add_arguments(self, parser):
        parser.add_argument("--days", type=int, default=90)
        parser.add_argument("--dry-run", action="store_true", help="Only count.")

    def handle(self, *args, **options):
        days = options["days"]
        if not 1 <= days <= 36_500:
            raise CommandError("--days: must be from 1 to 36500.", returncode=2)
        cutoff = timezone.now() - timedelta(days=days)
        old = Session.objects.all()
        old.filter(last_activity__lt=cutoff)
        if options["dry_run"]:
            self.stdout.write(f"Would delete {old.count()} sessions.")
            return
        with transaction.atomic():
            keys = list(old.select_for_update().values_list("pk", flat=True))
            Session.objects.filter(pk__in=keys).delete()
        self.stdout.write(f"Deleted {len(keys)} sessions.")
