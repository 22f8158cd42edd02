"""load_demo beside programs that write to the same tables."""

import pytest
from django.core.management.base import CommandError
from django.db import OperationalError, connection

from shared_project.shop import demo, turns
from shared_project.shop.management.commands import load_demo
from shared_project.shop.models import (
    AuditLog,
    CartItem,
    Customer,
    Order,
    Product,
    Session,
    TempFile,
)

# A new row of each model, and the highest key of the demo's.
NEW_ROWS = {
    Product: ({"name": "Samovar", "price": 1}, 120),
    Customer: ({"name": "Zoë", "email": "zoe@example.com"}, 20),
    Order: ({"number": "B-1", "total": 1}, 300),
    AuditLog: ({"actor": "zoe", "action": "signed in"}, 345),
    Session: ({"key": "zoe"}, 100),
    CartItem: ({"session_id": 2, "product_id": 1}, 50),
    TempFile: ({"file": "temp/zoe.txt"}, 5),
}
concurrent = pytest.mark.django_db(transaction=True)


@pytest.fixture
def fresh_keys():
    """As after `migrate`: what other tests took from the sequences is forgotten."""
    for model in NEW_ROWS:
        set_sequence(model, 1, called=False)


def set_sequence(model, value, *, called=True):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s, %s)",
            [model._meta.db_table, value, called],
        )


class Other:
    """Another session of the database, in the middle of its transaction."""

    def __init__(self):
        self.connection = connection.copy()
        self.connection.set_autocommit(False)

    def execute(self, sql):
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else None

    def insert_product(self, name):
        ((key,),) = self.execute(
            "INSERT INTO shop_product (name, price, category)"
            f" VALUES ('{name}', 1, '') RETURNING id"
        )
        return key


@pytest.fixture
def other():
    other = Other()
    yield other
    other.connection.close()


@pytest.fixture
def impatient(db):
    """A statement of the command that waits is an error, and does not wait for ever."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '30s'")
        yield
        cursor.execute("RESET statement_timeout")


@pytest.mark.django_db
@pytest.mark.parametrize("model", NEW_ROWS)
def test_the_next_row_gets_the_next_key(call, model):
    call("load_demo")
    fields, last = NEW_ROWS[model]
    assert model.objects.create(**fields).pk > last


@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.parametrize("model", NEW_ROWS)
def test_on_postgresql_too_the_next_row_gets_the_next_key(call, fresh_keys, model):
    call("load_demo")
    fields, last = NEW_ROWS[model]
    assert model.objects.create(**fields).pk == last + 1


@pytest.mark.postgres
@pytest.mark.django_db
def test_a_key_that_was_given_once_is_not_given_again(call):
    set_sequence(Product, 5000)
    call("load_demo")
    assert Product.objects.create(name="Samovar", price=1).pk == 5001


@pytest.mark.postgres
@pytest.mark.django_db
def test_keys_that_rows_came_with_are_not_given_again(call, fresh_keys):
    Product.objects.create(pk=5000, name="Samovar", price=1)
    call("load_demo")
    assert Product.objects.create(name="Teakettle", price=1).pk == 5001


@pytest.mark.postgres
@concurrent
def test_whoever_inserts_between_two_batches_gets_a_key_of_its_own(
    call, fresh_keys, other, monkeypatch
):
    def products(*arguments):
        for number, product in enumerate(original(*arguments)):
            keys.append(other.insert_product(f"Samovar {number}"))
            other.connection.commit()
            yield product

    original, keys = demo.products, []
    monkeypatch.setattr(demo, "products", products)
    monkeypatch.setattr(load_demo, "BATCH_SIZE", 7)
    assert "120 products" in call("load_demo")
    assert keys == [*range(121, 241)]


@pytest.mark.postgres
@concurrent
def test_a_row_that_is_being_inserted_keeps_its_key(manage, fresh_keys, other, wait_until_waiting):
    assert other.insert_product("Samovar") == 1
    process = manage.start("load_demo")
    wait_until_waiting(is_alive=lambda: process.poll() is None)
    other.connection.commit()
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (0, "")
    assert "119 products" in stdout
    assert Product.objects.get(pk=1).name == "Samovar"
    assert Product.objects.create(name="Teakettle", price=1).pk == 121


@pytest.mark.postgres
@concurrent
def test_a_table_that_another_program_holds_is_one_line(call, other, monkeypatch):
    monkeypatch.setattr(turns, "LOCK_SECONDS", 0)
    monkeypatch.setattr(turns, "LOCK_TIMEOUT", "10ms")
    other.insert_product("Samovar")
    with pytest.raises(CommandError, match="^Another program holds the products, or rows that "):
        call("load_demo")


@pytest.mark.postgres
@concurrent
def test_never_waits_for_rows_while_others_may_wait_for_its_tables(
    call, impatient, other, monkeypatch
):
    def let_go(seconds):
        # It holds no table meanwhile, or this would wait for it, and it for the session.
        other.execute("SET lock_timeout = '30s'")
        other.execute(
            "INSERT INTO shop_cartitem (session_id, product_id, quantity) VALUES (1, 7, 1)"
        )
        other.connection.commit()
        waits.append(seconds)

    waits = []
    call("load_demo")
    CartItem.objects.all().delete()
    other.execute("SELECT 1 FROM shop_session WHERE id = 1 FOR UPDATE")
    monkeypatch.setattr(turns.time, "sleep", let_go)
    assert "50 cart items" in call("load_demo")
    assert len(waits) == 1


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_callers_lock_timeout_stays(call):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '7s'")
        call("load_demo")
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("7s",)


@pytest.mark.postgres
def test_waits_until_postgresql_stops_an_autovacuum(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('deadlock_timeout')::interval < %s::interval",
            [turns.LOCK_TIMEOUT],
        )
        assert cursor.fetchone() == (True,)


@pytest.mark.django_db
def test_an_error_that_is_not_about_a_lock_passes():
    def work():
        raise OperationalError("database or disk is full")

    with pytest.raises(OperationalError, match="disk is full"):
        turns.in_turn(Product, work)
