from decimal import Decimal

import pytest
from django.db import DatabaseError
from django.db.models import F

from shared_project.shop.models import Product


@pytest.fixture
def pan():
    return Product.objects.create(name="Pan", price=Decimal("20.00"), category="Kitchen")


def price_of(name):
    return Product.objects.values_list("price", flat=True).get(name=name)


def add_ten():
    Product.objects.update(price=F("price") + 10)


def rename():
    Product.objects.update(name="Wok")


def delete():
    Product.objects.all().delete()


def test_it_raises_the_prices(run, expect, pan):
    Product.objects.create(name="Mug", price=Decimal("8.50"), category="Kitchen")
    ran = run.ok("Kitchen", "0.50")
    expect(ran, "prices", f"{price_of('Mug')} {price_of('Pan')}", "9.00 20.50")


def test_other_categories_stay(run, expect, pan):
    Product.objects.create(name="Kite", price=Decimal("20.44"), category="Toys")
    ran = run.ok("Kitchen", "0.50")
    expect(ran, "the price in another category", price_of("Kite"), Decimal("20.44"))


def test_a_price_changed_meanwhile_is_not_lost(run, expect, pan, meanwhile):
    with meanwhile(add_ten):
        ran = run.ok("Kitchen", "0.50")
    what = f"{ran.line}, while somebody adds 10.00 to a price of 20.00"
    expect(what, "price", price_of("Pan"), Decimal("30.50"))


def test_a_rename_meanwhile_survives(run, expect, pan, meanwhile):
    with meanwhile(rename):
        ran = run.ok("Kitchen", "0.50")
    what = f"{ran.line}, while somebody renames Pan to Wok"
    expect(what, "name", Product.objects.get().name, "Wok")


def test_a_product_deleted_meanwhile_stays_deleted(run, expect, pan, meanwhile):
    with meanwhile(delete):
        ran = run.ok("Kitchen", "0.50")
    what = f"{ran.line}, while somebody deletes its only product"
    expect(what, "products", Product.objects.count(), 0)


def test_a_filter_finds_the_new_price(run, expect):
    Product.objects.create(name="Clip", price=Decimal("0.10"), category="Kitchen")
    ran = run.ok("Kitchen", "0.20")  # 0.1 + 0.2 as floats is a bit more than 0.3
    found = Product.objects.filter(price=Decimal("0.30")).count()
    expect(ran, "products found by filter(price=Decimal('0.30'))", found, 1)


def probe_the_old_name_is_back(run, pan, meanwhile):
    with meanwhile(rename):
        run("Kitchen", "0.50")
    assert Product.objects.get().name == "Pan"


def probe_the_other_price_is_overwritten(run, pan, meanwhile):
    with meanwhile(add_ten):
        run("Kitchen", "0.50")
    assert price_of("Pan") == Decimal("20.50")


def probe_a_row_that_is_gone_is_a_traceback(run, pan, meanwhile):
    with meanwhile(delete):
        ran = run("Kitchen", "0.50")
    assert isinstance(ran.crash, DatabaseError)


def probe_it_reads_as_030_and_is_not_found(run):
    Product.objects.create(name="Clip", price=Decimal("0.10"), category="Kitchen")
    run("Kitchen", "0.20")
    assert price_of("Clip") == Decimal("0.30")
    assert not Product.objects.filter(price=Decimal("0.30")).exists()
