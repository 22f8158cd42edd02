from datetime import timedelta

from django.core.management.base import BaseCommand
from django.utils import timezone

from shared_project.shop.models import AuditLog, Session, TempFile


class Command(BaseCommand):
    help = "Delete old data."

    def add_arguments(self, parser):
        parser.add_argument("--days", type=int, default=90)
        parser.add_argument("--batch-size", type=int, default=1000)

    def handle(self, *args, **options):
        cutoff = timezone.now() - timedelta(days=options["days"])
        for rows in (
            AuditLog.objects.filter(created_at__lt=cutoff),
            Session.objects.filter(last_activity__lt=cutoff),
            TempFile.objects.filter(uploaded_at__lt=cutoff),
        ):
            total, deleted = rows.count(), 0
            while rows.exists():
                ids = list(rows.values_list("pk", flat=True)[: options["batch_size"]])
                deleted += rows.model.objects.filter(pk__in=ids).delete()[0]
                self.stdout.write(f"{rows.model.__name__}: {deleted}/{total}")
