from datetime import timedelta
from io import StringIO
from pathlib import Path

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from shared_project.shop.models import AuditLog


class Command(BaseCommand):
    help = "Move old audit logs into a file that loaddata can read."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="The file to write, such as logs.json.")
        parser.add_argument("--days", type=int, default=365, help="Their age (default: 365).")

    def handle(self, *args, **options):
        before = timezone.now() - timedelta(days=options["days"])
        logs = list(AuditLog.objects.filter(created_at__lt=before).only("pk"))
        if not logs:
            return
        pks = ",".join(str(log.pk) for log in logs)
        dump = StringIO()
        call_command("dumpdata", "shop.auditlog", "--pks", pks, stdout=dump)
        try:
            with options["file"].open("x", encoding="utf-8") as file:
                file.write(dump.getvalue())
        except FileExistsError as error:
            raise CommandError(f"{options['file']} is there already.") from error
        with transaction.atomic():
            for log in logs:
                log.delete()
