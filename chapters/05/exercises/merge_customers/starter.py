from django.core.management.base import BaseCommand, CommandError

from shared_project.shop.models import AuditLog, Customer, Order


class Command(BaseCommand):
    help = "Move the orders of one customer to another, and delete the one without orders."

    def add_arguments(self, parser):
        parser.add_argument("keep", metavar="KEEP", help="The email of the customer who stays.")
        parser.add_argument("double", metavar="DOUBLE", help="The email of the one who goes.")
        parser.add_argument("--dry-run", action="store_true", help="Change nothing.")

    def handle(self, *args, **options):
        if options["dry_run"]:
            self.stdout.write(f"Would move {Order.objects.count()} orders.")
            return
        keep = self.find(options["keep"])
        double = self.find(options["double"])
        count = double.orders.update(customer=keep)
        AuditLog.objects.create(
            actor="merge_customers", action=f"Merged customer {double.pk} into {keep.pk}"
        )
        double.delete()
        self.stdout.write(f"Moved {count} orders.")

    def find(self, email):
        try:
            return Customer.objects.get(email=email)
        except Customer.DoesNotExist:
            raise CommandError(f"There is no customer {email}.") from None
