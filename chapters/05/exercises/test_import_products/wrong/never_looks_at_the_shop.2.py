from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from shared_project.shop.models import Product

ROWS = """[
    {"name": "Teapot", "price": 10.99, "category": "Kitchen"},
    {"name": "Mug", "price": "free", "category": "Kitchen"},
    {"name": "", "price": 2.50, "category": "Kitchen"}
]"""


@pytest.mark.django_db
def test_a_bad_file_is_refused_as_a_whole(tmp_path):
    file = tmp_path / "products.json"
    file.write_text(ROWS, encoding="utf-8")
    stderr = StringIO()
    with pytest.raises(CommandError):
        call_command("import_products", str(file), stderr=stderr)
    assert not Product.objects.filter(name="Mug").exists()
    assert "row 2, price" in stderr.getvalue()
    assert "row 3, name" in stderr.getvalue()
