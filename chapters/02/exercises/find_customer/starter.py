from django.core.management.base import BaseCommand

from shared_project.shop.models import Customer, Order


class Command(BaseCommand):
    help = "Print the name and the email address of a customer."

    def add_arguments(self, parser):
        parser.add_argument("--email")
        parser.add_argument("--order", metavar="NUMBER")

    def handle(self, *args, **options):
        if options["email"]:
            customer = Customer.objects.get(email=options["email"])
        else:
            customer = Order.objects.get(number=options["order"]).customer
        self.stdout.write(f"{customer.name} <{customer.email}>")
