from email.utils import parseaddr

from django.core.management.base import BaseCommand
from tqdm import tqdm

from shared_project.shop.models import Customer, Order


class Command(BaseCommand):
    help = "Link orders to customers."

    def handle(self, *args, **options):
        orders = Order.objects.filter(customer=None).order_by("pk")
        total = orders.count()
        for start in tqdm(range(0, total, 100)):
            for order in orders[start : start + 100]:
                name, email = parseaddr(order.legacy_customer)
                order.customer, _ = Customer.objects.get_or_create(
                    email=email, defaults={"name": name}
                )
                order.save()
        self.stdout.write(f"Migrated {total} orders!")
