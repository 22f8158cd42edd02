from decimal import Decimal

import pytest
from django.contrib import admin
from django.db import IntegrityError, transaction

from shared_project.shop.models import (
    AuditLog,
    CartItem,
    Customer,
    Order,
    Product,
    Session,
    TempFile,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def teapot():
    return Product.objects.create(name="Teapot", price=Decimal("19.90"), category="Kitchen")


def refused():
    return pytest.raises(IntegrityError)


def test_two_products_of_one_name_are_refused(teapot):
    with refused(), transaction.atomic():
        Product.objects.create(name="Teapot", price=1, category="Toys")


def test_a_negative_price_is_refused(teapot):
    with refused(), transaction.atomic():
        Product.objects.update(price=Decimal("-0.01"))


def test_a_price_of_zero_is_allowed(teapot):
    assert Product.objects.update(price=0) == 1


def test_a_negative_total_is_refused():
    with refused(), transaction.atomic():
        Order.objects.create(number="A-1", total=Decimal("-0.01"))


def test_two_customers_of_one_email_are_refused():
    Customer.objects.create(name="Ada", email="ada@example.com")
    with refused(), transaction.atomic():
        Customer.objects.create(name="Bob", email="ada@example.com")


def test_an_empty_cart_item_is_refused(teapot):
    session = Session.objects.create(key="1")
    with refused(), transaction.atomic():
        CartItem.objects.create(session=session, product=teapot, quantity=0)


def test_a_product_is_in_a_cart_once(teapot):
    session = Session.objects.create(key="1")
    CartItem.objects.create(session=session, product=teapot)
    with refused(), transaction.atomic():
        CartItem.objects.create(session=session, product=teapot)


def test_rows_say_what_they_are(teapot):
    session = Session(key="5e55")
    rows = [
        teapot,
        Customer(name="Ada", email="ada@example.com"),
        Order(number="A-1"),
        AuditLog(actor="ada", action="signed in"),
        session,
        CartItem(session=session, product=teapot, quantity=2),
        TempFile(file="temp/a.txt"),
    ]
    assert [str(row) for row in rows] == [
        "Teapot",
        "Ada <ada@example.com>",
        "A-1",
        "ada: signed in",
        "5e55",
        "2 × Teapot",
        "temp/a.txt",
    ]


@pytest.mark.parametrize("model", [Product, Customer, Order, AuditLog, Session, TempFile])
def test_the_admin_lists_every_model(model, admin_client):
    assert admin.site.is_registered(model)
    url = f"/admin/shop/{model._meta.model_name}/"
    assert admin_client.get(url).status_code == 200
    assert admin_client.get(f"{url}add/").status_code == 200
