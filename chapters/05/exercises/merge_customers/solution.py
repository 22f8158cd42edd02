from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from shared_project.shop.models import AuditLog, Customer


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
        with transaction.atomic():
            count = double.orders.update(customer=keep)
            AuditLog.objects.create(
                actor="merge_customers", action=f"Merged customer {double.pk} into {keep.pk}"
            )
            double.delete()
            if options["dry_run"]:
                transaction.set_rollback(True)
        verb = "Would move" if options["dry_run"] else "Moved"
        self.stdout.write(f"{verb} {count} orders.")

    def find(self, email):
        try:
            return Customer.objects.get(email=email)
        except Customer.DoesNotExist:
            raise CommandError(f"There is no customer {email}.") from None
