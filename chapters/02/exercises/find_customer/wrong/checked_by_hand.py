from django.core.management.base import BaseCommand, CommandError

from shared_project.shop.models import Customer


class Command(BaseCommand):
    help = "Print the name and the email address of a customer."

    def add_arguments(self, parser):
        parser.add_argument("--email")
        parser.add_argument("--order", metavar="NUMBER")

    def handle(self, *args, **options):
        if (options["email"] is None) == (options["order"] is None):
            raise CommandError("Give either --email or --order.")
        if options["email"] is not None:
            customer = Customer.objects.filter(email=options["email"]).first()
        else:
            customer = Customer.objects.filter(orders__number=options["order"]).first()
        if customer is None:
            raise CommandError(f"Not found: {options['email'] or options['order']}")
        self.stdout.write(f"{customer.name} <{customer.email}>")
