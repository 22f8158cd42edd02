from django.core.management.base import BaseCommand

from shared_project.shop.models import Customer, Order


class Command(BaseCommand):
    help = "Print the name and the email address of a customer."

    def add_arguments(self, parser):
        either = parser.add_mutually_exclusive_group(required=True)
        either.add_argument("--email")
        either.add_argument("--order", metavar="NUMBER")

    def handle(self, *args, **options):
        if options["email"] is not None:
            customer = Customer.objects.get(email=options["email"])
        else:
            customer = Order.objects.get(number=options["order"]).customer
        self.stdout.write(f"{customer.name} <{customer.email}>")
