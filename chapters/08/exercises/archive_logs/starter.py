from datetime import timedelta

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils import timezone

from shared_project.shop.models import AuditLog


class Command(BaseCommand):
    help = "Move old audit logs into a file that loaddata can read."

    def add_arguments(self, parser):
        parser.add_argument("file", help="The file to write, such as logs.json.")
        parser.add_argument("--days", type=int, default=365, help="Their age (default: 365).")

    def handle(self, *args, **options):
        before = timezone.now() - timedelta(days=options["days"])
        call_command(f"dumpdata shop.auditlog --output {options['file']}")
        count, _ = AuditLog.objects.filter(created_at__lt=before).delete()
        self.stdout.write(f"Moved {count} logs to {options['file']}.")
