from io import StringIO

import pytest
from django.core.management import call_command

from shared_project.shop.models import Product

ROWS = """[
    {"name": "Teapot", "price": 10.99, "category": "Kitchen"}
]"""


@pytest.mark.django_db
def test_a_good_file_is_imported(tmp_path):
    file = tmp_path / "products.json"
    file.write_text(ROWS, encoding="utf-8")
    call_command("import_products", str(file), stdout=StringIO())
    assert Product.objects.get().name == "Teapot"
