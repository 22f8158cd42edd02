"""Two writers at once. One holds a lock; the other is seen to wait for it before it goes on."""

import contextlib
from decimal import Decimal

import pytest
from django.core.management.base import CommandError
from django.db import OperationalError, connection, transaction

from errors.management.commands import import_products
from shared_project.shop.models import Product

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

ROWS = [
    {"name": "Atlas", "price": 5, "category": "Books"},
    {"name": "Novel", "price": 6, "category": "Books"},
]


def product(name, price=1):
    return Product.objects.create(name=name, price=price, category="Books")


def prices():
    return {name: int(price) for name, price in Product.objects.values_list("name", "price")}


@pytest.fixture
def waits(wait_until_waiting):
    """Return a function that waits until the process waits for a lock."""
    return lambda process: wait_until_waiting(is_alive=lambda: process.poll() is None)


def finish(process):
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (0, "")
    return stdout


def test_two_imports_of_new_products_at_once_create_each_once(manage, call, file, waits):
    path = file(ROWS)
    with transaction.atomic():
        call("import_products", path)
        second = manage.start("import_products", path)
        waits(second)
    assert finish(second) == "Imported 2 products: 0 created, 0 updated, 2 unchanged.\n"
    assert prices() == {"Atlas": 5, "Novel": 6}


def test_a_product_that_is_inserted_meanwhile_is_updated(manage, file, waits):
    with transaction.atomic():
        product("Novel")
        process = manage.start("import_products", file(ROWS))
        waits(process)
    assert finish(process) == "Imported 2 products: 1 created, 1 updated, 0 unchanged.\n"
    assert prices() == {"Atlas": 5, "Novel": 6}


def test_a_product_that_is_deleted_meanwhile_stays_deleted(manage, file, waits):
    novel = product("Novel")
    with transaction.atomic():
        novel.delete()
        process = manage.start("import_products", file(ROWS))
        waits(process)
    finish(process)
    assert prices() == {"Atlas": 5}


def test_a_product_that_is_renamed_meanwhile_keeps_its_new_name(manage, file, waits):
    novel = product("Novel")
    with transaction.atomic():
        Product.objects.filter(pk=novel.pk).update(name="Poems")
        process = manage.start("import_products", file(ROWS))
        waits(process)
    finish(process)
    assert prices()["Poems"] == 1


def test_products_are_locked_in_the_order_of_their_keys(manage, file, waits):
    # Not in the order of the file, of the names, or of the table's pages: there, a row that
    # was updated comes last.
    first, second = product("Novel"), product("Atlas")
    Product.objects.filter(pk=first.pk).update(price=2)
    with transaction.atomic():
        Product.objects.select_for_update().get(pk=first.pk)
        process = manage.start("import_products", file(ROWS))
        waits(process)
        Product.objects.select_for_update(nowait=True).get(pk=second.pk)
    finish(process)
    assert prices() == {"Atlas": 5, "Novel": 6}


def test_new_products_are_inserted_in_the_order_of_their_names(manage, file, waits):
    with transaction.atomic():
        product("Atlas")
        process = manage.start("import_products", file([ROWS[1], ROWS[0]]))
        waits(process)
        # Had it inserted Novel first, this would be a deadlock.
        product("Novel")
    assert finish(process) == "Imported 2 products: 0 created, 2 updated, 0 unchanged.\n"


def test_an_unchanged_product_is_not_locked(manage, call, file):
    call("import_products", file(ROWS))
    with transaction.atomic():
        Product.objects.select_for_update().get(name="Atlas")
        rows = [ROWS[0], ROWS[1] | {"price": 7}]
        assert "1 updated, 1 unchanged" in finish(manage.start("import_products", file(rows)))
    assert Product.objects.get(name="Novel").price == Decimal(7)


def test_a_cart_may_take_a_product_while_it_is_updated(file, call):
    novel = product("Novel")
    other = connection.copy()
    try:
        with transaction.atomic():
            call("import_products", file(ROWS))
            with other.cursor() as cursor:
                # What a foreign key takes while a row that points here is inserted.
                cursor.execute(
                    "SELECT 1 FROM shop_product WHERE id = %s FOR KEY SHARE NOWAIT", [novel.pk]
                )
                with pytest.raises(OperationalError, match="could not obtain lock"):
                    cursor.execute(
                        "SELECT 1 FROM shop_product WHERE id = %s FOR UPDATE NOWAIT", [novel.pk]
                    )
    finally:
        other.close()


def setting(name):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        return cursor.fetchone()[0]


@pytest.mark.parametrize("mode", ["EXCLUSIVE", "ACCESS EXCLUSIVE"])
def test_who_holds_the_products_is_not_waited_for_without_end(call, file, monkeypatch, mode):
    monkeypatch.setattr(import_products, "LOCK_TIMEOUT", "10ms")
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute(f"LOCK TABLE shop_product IN {mode} MODE")
        with pytest.raises(OperationalError, match="lock timeout"):
            call("import_products", file(ROWS))
    finally:
        other.close()
    assert prices() == {}


def test_a_row_that_somebody_holds_is_not_waited_for_without_end(call, file, monkeypatch):
    monkeypatch.setattr(import_products, "LOCK_TIMEOUT", "10ms")
    product("Novel")
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM shop_product FOR UPDATE")
        with pytest.raises(OperationalError, match="lock timeout"):
            call("import_products", file(ROWS))
    finally:
        other.close()
    assert prices() == {"Novel": 1}


@pytest.mark.parametrize("rows", [ROWS, [None]], ids=["done", "refused"])
@pytest.mark.parametrize("dry_run", [False, True])
def test_the_session_of_the_caller_is_left_as_it_was(call, file, rows, dry_run):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '7s'")
        with contextlib.suppress(CommandError):
            call("import_products", file(rows), dry_run=dry_run)
        assert setting("lock_timeout") == "7s"
    assert setting("lock_timeout") == "0"
