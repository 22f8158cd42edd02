from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from shared_project.shop.models import AuditLog, Customer


class DryRunError(Exception):
    """Leaves the transaction of a dry run."""

    def __init__(self, count):
        super().__init__(count)
        self.count = count


class Command(BaseCommand):
    help = "Move the orders of one customer to another, and delete the one without orders."

    def add_arguments(self, parser):
        parser.add_argument("keep", metavar="KEEP", help="The email of the customer who stays.")
        parser.add_argument("double", metavar="DOUBLE", help="The email of the one who goes.")
        parser.add_argument("--dry-run", action="store_true", help="Roll it back at its end.")

    def handle(self, *args, **options):
        keep = self.find(options["keep"])
        double = self.find(options["double"])
        if keep == double:
            raise CommandError("KEEP and DOUBLE are the same customer.")
        try:
            count = self.merge(keep, double, dry_run=options["dry_run"])
        except DryRunError as end:
            self.stdout.write(f"Would move {end.count} orders.")
        else:
            self.stdout.write(f"Moved {count} orders.")

    @transaction.atomic
    def merge(self, keep, double, *, dry_run):
        count = double.orders.update(customer=keep)
        AuditLog.objects.create(
            actor="merge_customers", action=f"Merged customer {double.pk} into {keep.pk}"
        )
        double.delete()
        if dry_run:
            raise DryRunError(count)
        return count

    def find(self, email):
        customer = Customer.objects.filter(email=email).first()
        if customer is None:
            raise CommandError(f"There is no customer {email}.")
        return customer
