import json

from django.core.management.base import BaseCommand

from shared_project.shop.models import Product


class Command(BaseCommand):
    help = "Sync products from a feed."

    def add_arguments(self, parser):
        parser.add_argument("source")

    def handle(self, *args, **options):
        with open(options["source"]) as file:  # noqa: PTH123
            records = json.load(file)
        for record in records:
            self.stdout.write(f"Syncing {record['name']}...")
            try:
                Product.objects.update_or_create(
                    name=record["name"],
                    defaults={"price": record["price"], "category": record["category"]},
                )
            except Exception as error:  # noqa: BLE001
                self.stderr.write(self.style.ERROR(f"Failed: {error!r}"))
        self.stdout.write(self.style.SUCCESS(f"Synchronized {len(records)} records!"))
