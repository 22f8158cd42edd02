from django.core.mail import send_mail
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from shared_project.shop.models import Order


class Command(BaseCommand):
    help = "Cancel pending orders, all or none, and tell their customers."

    def add_arguments(self, parser):
        parser.add_argument("numbers", nargs="+", metavar="NUMBER", help="Such as A-1.")

    def handle(self, *args, **options):
        numbers = {*options["numbers"]}
        with transaction.atomic():
            orders = Order.objects.select_for_update().filter(
                number__in=numbers, status=Order.Status.PENDING, customer__isnull=False
            )
            if missing := numbers - {order.number for order in orders}:
                raise CommandError(f"Not pending orders with a customer: {', '.join(missing)}.")
            for order in orders:
                order.status = Order.Status.CANCELED
                order.save(update_fields=["status"])
                send_mail(
                    f"Order {order.number} is canceled",
                    f"Dear {order.customer.name}, your order {order.number} is canceled.",
                    None,  # from DEFAULT_FROM_EMAIL
                    [order.customer.email],
                )
        self.stdout.write(f"Canceled {len(options['numbers'])} orders.")
