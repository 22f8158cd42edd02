from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand
from django.core.validators import validate_email

from shared_project.shop.models import Customer


class Command(BaseCommand):
    help = "Check the email addresses of all customers."

    def handle(self, *args, **options):
        all_good = True
        for customer in Customer.objects.all():
            try:
                validate_email(customer.email)
            except ValidationError as error:
                self.stderr.write(f"Error: {customer.email}: {error.message}")
                all_good = False
        if all_good:
            self.stdout.write("All addresses are fine.")
