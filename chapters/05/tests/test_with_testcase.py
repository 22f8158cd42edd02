from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import TestCase

from shared_project.shop.models import Product

ROWS = """[
    {"name": "Teapot", "price": 10.99, "category": "Kitchen"},
    {"name": "Mug", "price": "free", "category": "Kitchen"}
]"""


class ImportProductsTest(TestCase):
    def test_one_wrong_row_keeps_the_whole_file_out(self):
        file = Path(self.enterContext(TemporaryDirectory())) / "products.json"
        file.write_text(ROWS, encoding="utf-8")
        with self.assertRaisesMessage(CommandError, "Nothing was imported"):
            call_command("import_products", str(file), stderr=StringIO())
        self.assertFalse(Product.objects.exists())
