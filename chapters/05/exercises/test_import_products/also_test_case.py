from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import TestCase

from shared_project.shop.models import Product

ROWS = """[
    {"name": "Teapot", "price": 10.99, "category": "Kitchen"},
    {"name": "Mug", "price": "free", "category": "Kitchen"},
    {"name": "Cup", "price": -1, "category": "Kitchen"}
]"""


class ImportProductsTest(TestCase):
    def setUp(self):
        self.file = Path(self.enterContext(TemporaryDirectory())) / "products.json"
        self.file.write_text(ROWS, encoding="utf-8")

    def test_a_bad_file_changes_nothing(self):
        Product.objects.create(name="Teapot", price="1.00", category="Kitchen")
        with self.assertRaises(CommandError):
            call_command("import_products", str(self.file), stderr=StringIO())
        self.assertEqual(str(Product.objects.get().price), "1.00")

    def test_every_error_is_reported(self):
        stderr = StringIO()
        with self.assertRaises(CommandError):
            call_command("import_products", str(self.file), stderr=stderr)
        self.assertIn("row 2, price", stderr.getvalue())
        self.assertIn("row 3, price", stderr.getvalue())
