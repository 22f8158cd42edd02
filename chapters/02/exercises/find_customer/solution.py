from django.core.management.base import BaseCommand, CommandError

from shared_project.shop.models import Customer


class Command(BaseCommand):
    help = "Print the name and the email address of a customer."

    def add_arguments(self, parser):
        either = parser.add_mutually_exclusive_group(required=True)
        either.add_argument("--email", help="The customer's address.")
        either.add_argument("--order", metavar="NUMBER", help="An order of the customer.")

    def handle(self, *args, **options):
        email, number = options["email"], options["order"]
        if email is not None:
            customer = Customer.objects.filter(email=email).first()
        else:
            customer = Customer.objects.filter(orders__number=number).first()
        if customer is None:
            asked_for = number if email is None else email
            raise CommandError(f"There is no customer for {asked_for!r}.")
        self.stdout.write(f"{customer.name} <{customer.email}>")
