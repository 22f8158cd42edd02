from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from shared_project.shop.models import Product

ROWS = """[
    {"name": "Teapot", "price": 10.99, "category": "Kitchen"},
    {"name": "Mug", "price": "free", "category": "Kitchen"}
]"""


@pytest.mark.django_db
def test_one_wrong_row_keeps_the_whole_file_out(tmp_path):
    file = tmp_path / "products.json"
    file.write_text(ROWS, encoding="utf-8")
    with pytest.raises(CommandError, match="Nothing was imported"):
        call_command("import_products", str(file), stderr=StringIO())
    assert not Product.objects.exists()
