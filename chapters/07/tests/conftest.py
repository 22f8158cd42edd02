from decimal import Decimal

import pytest
from django.db import connection

from shared_project.shop.models import Product


@pytest.fixture
def products(db):
    """Four products in three categories."""
    return [
        Product.objects.create(name=name, price=Decimal(price), category=category)
        for name, price, category in [
            ("Novel", "10.99", "Books"),
            ("Atlas", "1.15", "Books"),
            ("Pen", "0.01", "Office"),
            ("Robot", "100.00", "Toys"),
        ]
    ]


@pytest.fixture
def prices():
    """Return a function that tells what the products cost now."""
    return lambda: {
        name: str(price) for name, price in Product.objects.values_list("name", "price")
    }


@pytest.fixture
def stored(manage):
    """Return a function that tells what the products cost that the processes have left."""

    def stored():
        rows = Product.objects.values_list("name", "price")
        if connection.vendor == "sqlite":
            rows = manage.rows("SELECT name, price FROM shop_product")
        return {name: f"{price:.2f}" for name, price in rows}

    return stored
