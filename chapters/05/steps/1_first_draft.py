import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from shared_project.shop.models import Product


class Command(BaseCommand):
    help = "Import products from a JSON file."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="A JSON list of products.")

    def handle(self, *args, **options):
        path = options["file"]
        if not path.is_file():
            raise CommandError(f"File not found: {path}")
        rows = json.loads(path.read_text(encoding="utf-8"))
        for row in rows:
            Product.objects.update_or_create(
                name=row["name"],
                defaults={"price": row["price"], "category": row["category"]},
            )
        self.stdout.write(f"Imported {len(rows)} products.")
