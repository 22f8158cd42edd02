import json

import pytest
from django.db import connection

from shared_project.shop.models import Product


@pytest.fixture
def file(tmp_path):
    """Return a function that writes bytes, a text or rows to a file and returns its path."""

    def write(content, name="products.json"):
        path = tmp_path / name
        if not isinstance(content, (bytes, str)):
            content = json.dumps(content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


@pytest.fixture
def stored(manage):
    """Return a function that returns the names of the products that a process has left."""

    def names():
        if connection.vendor == "sqlite":
            return [name for (name,) in manage.rows("SELECT name FROM shop_product ORDER BY id")]
        return list(Product.objects.order_by("pk").values_list("name", flat=True))

    return names
