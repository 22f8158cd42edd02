from django.core.management.base import BaseCommand
from django.core.validators import validate_email

from shared_project.shop.models import Customer


class Command(BaseCommand):
    help = "Check the email addresses of all customers."

    def handle(self, *args, **options):
        try:
            for customer in Customer.objects.all():
                validate_email(customer.email)
            self.stdout.write("All addresses are fine.")
        except Exception as error:
            self.stdout.write(f"Error: {error}")
