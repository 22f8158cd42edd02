"""What only another writer on PostgreSQL can show."""

import json
import threading
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management.base import CommandError
from django.db import OperationalError, connection, transaction

from shared_project.shop.models import Product
from shared_project.toolkit import locks
from styling import catalog
from styling.records import Record

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

INSERT = "INSERT INTO shop_product (name, price, category) VALUES (%s, %s, %s)"


@pytest.fixture
def other(db):
    """A web request: a second connection, in a transaction of its own."""
    other = connection.copy()
    other.set_autocommit(False)
    yield other
    other.rollback()
    other.close()


@pytest.fixture
def sync(call, tmp_path, wait_until_waiting):
    """Start sync_data with one product in another thread, return when it waits for a lock."""
    path = tmp_path / "feed.json"
    path.write_text(json.dumps([{"name": "Kite", "price": 9.99, "category": "Toys"}]))
    failures = []

    def run():
        try:
            call("sync_data", source=str(path))
        except OperationalError as error:
            failures.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)

    def start():
        thread.start()
        wait_until_waiting()

    def finish():
        thread.join()
        return failures

    start.finish = finish
    yield start
    thread.join()


def test_a_product_inserted_meanwhile_is_brought_up_to_date(other, sync, call):
    with other.cursor() as cursor:
        cursor.execute(INSERT, ["Kite", "1.00", "Garden"])
    sync()
    other.commit()
    assert sync.finish() == []
    assert call.stdout == "Synchronized 1 products: 0 new, 1 changed, 0 unchanged.\n"
    assert Product.objects.get().price == Decimal("9.99")


def test_a_product_deleted_meanwhile_is_new(other, sync, call):
    Product.objects.create(name="Kite", price=1, category="Toys")
    with other.cursor() as cursor:
        cursor.execute("DELETE FROM shop_product")
    sync()
    other.commit()
    assert sync.finish() == []
    assert call.stdout == "Synchronized 1 products: 1 new, 0 changed, 0 unchanged.\n"
    assert Product.objects.get().name == "Kite"


def test_a_request_that_locked_a_row_first_finishes_without_deadlock(other, sync):
    Product.objects.create(name="Kite", price=1, category="Toys")
    with other.cursor() as cursor:
        cursor.execute("SELECT * FROM shop_product FOR UPDATE")
        sync()
        cursor.execute("UPDATE shop_product SET price = 2")
    other.commit()
    assert sync.finish() == []
    assert Product.objects.get().price == Decimal("9.99")


def test_two_copies_write_every_product_once(sync, call, tmp_path):
    with transaction.atomic():
        # `sync` has written the feed that both read.
        call("sync_data", source=str(tmp_path / "feed.json"))
        sync()
    assert sync.finish() == []
    assert call.stdout == "Nothing to change: 1 of 1 products are up to date.\n"
    assert Product.objects.get().price == Decimal("9.99")


def test_other_requests_write_while_it_waits(other, sync, call, monkeypatch):
    monkeypatch.setattr(locks, "TABLE_LOCK_TIMEOUT", 200)
    monkeypatch.setattr(locks, "TABLE_TRIES", 1000)
    Product.objects.create(name="Kite", price=1, category="Toys")
    with other.cursor() as cursor:
        cursor.execute("SELECT * FROM shop_product FOR UPDATE")
    sync()
    # It gives way to those who queue behind it, and does not keep them until it gives up.
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '10s'")
        cursor.execute(INSERT, ["Pen", "1.00", "Office"])
        cursor.execute("RESET lock_timeout")
    other.commit()
    assert sync.finish() == []
    assert call.stderr == "Waiting for somebody else who writes to the products…\n"


def test_verbosity_0_waits_without_a_word(call, other, monkeypatch):
    monkeypatch.setattr(locks, "TABLE_LOCK_TIMEOUT", 10)
    monkeypatch.setattr(locks, "TABLE_TRIES", 2)
    with other.cursor() as cursor:
        cursor.execute("LOCK TABLE shop_product IN EXCLUSIVE MODE")
    with pytest.raises(OperationalError, match="lock timeout"):
        call("sync_data", verbosity=0)
    assert (call.stdout, call.stderr) == ("", "")


@pytest.mark.posix
@pytest.mark.filesystem
def test_a_notice_that_cannot_be_written_decides_nothing(manage, other, wait_until_waiting_again):
    Product.objects.create(name="Kite", price=1, category="Toys")
    with other.cursor() as cursor:
        cursor.execute("SELECT * FROM shop_product FOR UPDATE")
    with Path("/dev/full").open("w") as full:
        process = manage.start("sync_data", stderr=full)
        wait_until_waiting_again()  # it has stepped back, and said that it waits
        other.commit()
        assert process.wait(60) == 0
    assert process.stdout.read() == "Synchronized 10 products: 10 new, 0 changed, 0 unchanged.\n"


def test_a_lock_is_not_waited_for_without_end(other, sync, monkeypatch):
    monkeypatch.setattr(locks, "TABLE_LOCK_TIMEOUT", 250)
    monkeypatch.setattr(locks, "TABLE_TRIES", 2)
    with other.cursor() as cursor:
        cursor.execute("LOCK TABLE shop_product")
    sync()
    [failure] = sync.finish()
    assert "lock timeout" in str(failure)


@pytest.mark.parametrize("stored", ["Kite ", " Kite", "Kite\u200b", "\tKite"])
def test_a_name_that_looks_like_a_stored_one_is_refused(stored):
    Product.objects.create(name=stored, price=1, category="Toys")
    record = Record("Kite", Decimal("9.99"), "Toys")
    refused = pytest.raises(CommandError, match="^record 1, name: 'Kite' looks like ")
    with refused, transaction.atomic():
        list(catalog.synchronize([record]))


def test_the_lock_timeout_is_given_back():
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '7s'")
        list(catalog.synchronize([]))
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("7s",)


def test_others_read_while_the_products_are_locked(other):
    with transaction.atomic():
        list(catalog.synchronize([]))
        with other.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '50ms'")
            cursor.execute("SELECT COUNT(*) FROM shop_product")
            with pytest.raises(OperationalError, match="lock timeout"):
                cursor.execute(INSERT, ["Kite", "1.00", "Toys"])
