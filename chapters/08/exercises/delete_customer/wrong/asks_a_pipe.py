from django.core.management.base import BaseCommand, CommandError

from shared_project.shop.models import Customer


class Command(BaseCommand):
    help = "Delete a customer who has no orders."

    def add_arguments(self, parser):
        parser.add_argument("email", help="The customer's email address.")
        parser.add_argument("--no-input", action="store_true", help="Do not ask first.")

    def handle(self, *args, **options):
        email = options["email"]
        customer = Customer.objects.filter(email=email).first()
        if customer is None:
            raise CommandError(f"There is no customer {email}.")
        if count := customer.orders.count():
            raise CommandError(f"{email} has orders ({count}), and stays.")
        if not options["no_input"]:
            self.confirm(email)
        customer.delete()
        self.stdout.write(f"Deleted {customer}.")

    def confirm(self, email):
        self.stderr.write(f"This deletes {email}. Type the address to go on: ", ending="")
        try:
            answer = input()
        except EOFError:
            answer = ""
        if answer.strip() != email:
            raise CommandError("Aborted. Nothing was deleted.")
