from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from shared_project.shop.models import Customer


class Command(BaseCommand):
    help = "Check the email addresses of all customers."

    def handle(self, *args, **options):
        bad = []
        for customer in Customer.objects.all():
            try:
                validate_email(customer.email)
            except ValidationError:
                bad.append(customer.email)
        if bad:
            raise CommandError("Not email addresses:\n" + "\n".join(bad))
        self.stdout.write("All addresses are fine.")
