from django.core.management.base import BaseCommand

from shared_project.shop.models import Customer


class Command(BaseCommand):
    help = "Delete a customer who has no orders."

    def add_arguments(self, parser):
        parser.add_argument("email", help="The customer's email address.")

    def handle(self, *args, **options):
        customer = Customer.objects.get(email=options["email"])
        if input(f"Delete {customer}? [y/N] ") != "y":
            self.stdout.write("Aborted.")
            return
        customer.delete()
        self.stdout.write(f"Deleted {customer}.")
