from django.core.management.base import BaseCommand, CommandError

from shared_project.shop.models import Customer, Order


class Command(BaseCommand):
    help = "Print the name and the email address of a customer."

    def add_arguments(self, parser):
        group = parser.add_mutually_exclusive_group(required=True)
        group.add_argument("--email")
        group.add_argument("--order")

    def handle(self, *, email, order, **options):
        try:
            if order is not None:
                customer = Order.objects.select_related("customer").get(number=order).customer
            else:
                customer = Customer.objects.get(email=email)
        except Order.DoesNotExist:
            raise CommandError(f"There is no order {order!r}.") from None
        except Customer.DoesNotExist:
            raise CommandError(f"There is no customer {email!r}.") from None
        if customer is None:
            raise CommandError(f"Order {order} has no customer.")
        self.stdout.write(str(customer))
