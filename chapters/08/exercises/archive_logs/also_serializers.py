from datetime import timedelta
from pathlib import Path

from django.core import serializers
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
        logs = list(AuditLog.objects.filter(created_at__lt=before))
        if not logs:
            self.stdout.write("Nothing to archive.")
            return
        part = file.with_name(f"{file.name}.part")
        with part.open("w", encoding="utf-8") as stream:
            serializers.serialize("json", logs, stream=stream)
        part.replace(file)
        AuditLog.objects.filter(pk__in=[log.pk for log in logs]).delete()
        self.stdout.write(f"Archived {len(logs)} logs.")
