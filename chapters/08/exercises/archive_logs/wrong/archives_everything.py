from datetime import timedelta
from pathlib import Path

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from shared_project.shop.models import AuditLog


class Command(BaseCommand):
    help = "Move old audit logs into a file that loaddata can read."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="The file to write, such as logs.json.")
        parser.add_argument("--days", type=int, default=365, help="Their age (default: 365).")

    def handle(self, *args, **options):
        file = options["file"]
        if file.exists():
            raise CommandError(f"{file} exists already.")
        before = timezone.now() - timedelta(days=options["days"])
        old = AuditLog.objects.filter(created_at__lt=before)
        pks = list(old.values_list("pk", flat=True))
        if not pks:
            self.stdout.write("No logs are that old.")
            return
        call_command(
            "dumpdata",
            "shop.auditlog",
            output=str(file),
            verbosity=options["verbosity"],
        )
        AuditLog.objects.filter(pk__in=pks).delete()
        self.stdout.write(f"Moved {len(pks)} logs to {file}.")
