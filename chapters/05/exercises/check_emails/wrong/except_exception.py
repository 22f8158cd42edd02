from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from shared_project.shop.models import Customer


class Command(BaseCommand):
    help = "Check the email addresses of all customers."

    def handle(self, *args, **options):
        bad_count = 0
        try:
            bad_count = self.check_all()
        except Exception as error:
            raise CommandError(str(error)) from error
        if bad_count:
            raise CommandError(f"Bad addresses: {bad_count}")
        self.stdout.write("All addresses are fine.")

    def check_all(self):
        bad_count = 0
        for customer in Customer.objects.all():
            try:
                validate_email(customer.email)
            except ValidationError:
                self.stderr.write(f"Not an email address: {customer.email}")
                bad_count += 1
        return bad_count
