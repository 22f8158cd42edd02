import sys

from django.core.management.base import BaseCommand, CommandError

from shared_project.shop.models import Customer


class Command(BaseCommand):
    help = "Delete a customer who has no orders."

    def add_arguments(self, parser):
        parser.add_argument("email", help="The customer's email address.")
        parser.add_argument("--no-input", action="store_false", dest="interactive")

    def handle(self, *args, **options):
        email = options["email"]
        try:
            customer = Customer.objects.get(email=email)
        except Customer.DoesNotExist as error:
            raise CommandError(f"{email} is not a customer.") from error
        if customer.orders.exists():
            raise CommandError(f"{email} has orders.")
        if options["interactive"] and not self.confirmed(email):
            raise CommandError("Nothing was deleted.")
        customer.delete()

    def confirmed(self, email):
        if not sys.stdin.isatty():
            raise CommandError("Use --no-input where there is no terminal.")
        self.stderr.write("Type the email address of the customer to delete: ", ending="")
        self.stderr.flush()
        return sys.stdin.readline().strip() == email
