from django.core.mail import send_mail
from django.core.management.base import BaseCommand, CommandError

from shared_project.shop.models import Order


class Command(BaseCommand):
    help = "Cancel pending orders, all or none, and tell their customers."

    def add_arguments(self, parser):
        parser.add_argument("numbers", nargs="+", metavar="NUMBER", help="Such as A-1.")

    def handle(self, *args, **options):
        pending = Order.objects.filter(status=Order.Status.PENDING)
        for number in options["numbers"]:
            order = pending.filter(number=number, customer__isnull=False).first()
            if order is None:
                raise CommandError(f"{number} is not a pending order with a customer.")
            order.status = Order.Status.CANCELED
            order.save(update_fields=["status"])
            send_mail(
                f"Order {order.number} is canceled",
                f"Dear {order.customer.name}, your order {order.number} is canceled.",
                None,  # from DEFAULT_FROM_EMAIL
                [order.customer.email],
            )
            self.stdout.write(f"Canceled {order.number}.")
