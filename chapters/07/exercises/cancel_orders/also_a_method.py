from django.core.mail import send_mail
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from shared_project.shop.models import Order


class Command(BaseCommand):
    help = "Cancel pending orders, all or none, and tell their customers."

    def add_arguments(self, parser):
        parser.add_argument("numbers", nargs="+", metavar="NUMBER", help="Such as A-1.")

    def handle(self, *args, **options):
        with transaction.atomic():
            for number in options["numbers"]:
                self.cancel(number)
        for number in options["numbers"]:
            self.stdout.write(f"Canceled {number}.")

    def cancel(self, number):
        order = Order.objects.select_for_update().filter(number=number).first()
        if order is None or order.status != Order.Status.PENDING or order.customer is None:
            raise CommandError(f"{number} is not a pending order with a customer.")
        order.status = Order.Status.CANCELED
        order.save(update_fields=["status"])
        transaction.on_commit(lambda: self.tell(order), robust=True)

    def tell(self, order):
        send_mail(
            f"Order {order.number} is canceled",
            f"Dear {order.customer.name}, your order {order.number} is canceled.",
            None,  # from DEFAULT_FROM_EMAIL
            [order.customer.email],
        )
