from django.core.management.base import BaseCommand, CommandError

from shared_project.shop.models import Customer, Order


class Command(BaseCommand):
    help = "Delete old orders, and keep the newest of each customer."

    def add_arguments(self, parser):
        parser.add_argument("--keep", type=int, default=5)

    def handle(self, *args, **options):
        keep = options["keep"]
        if keep < 1:
            raise CommandError("--keep: must be 1 or more.", returncode=2)
        finished = Order.objects.exclude(status=Order.Status.PENDING).exclude(customer=None)
        count = 0
        for customer in Customer.objects.all():
            orders = finished.filter(customer=customer).order_by("created_at", "pk")
            keys = list(orders.values_list("pk", flat=True))
            keys = keys[: len(keys) - keep]
            count += Order.objects.filter(pk__in=keys).delete()[0]
        self.stdout.write(f"Deleted {count} orders.")
