"""Two sessions at once: this test's, which holds a lock, and another one, which waits for it."""

import signal
from contextlib import contextmanager, nullcontext

import pytest
from django.core.management.base import CommandError
from django.db import OperationalError, connection, transaction

from progress.customers import link_orders
from progress.orders import process_pending
from shared_project.shop.models import AuditLog, Customer, Order
from shared_project.toolkit import locks
from shared_project.toolkit.shutdown import GracefulShutdown

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

ADA = "Ada Lovelace <ada@example.com>"
BOB = "Bob Kahn <bob@example.com>"


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr("progress.orders.BATCH_SIZE", 10)


def test_two_copies_of_process_orders_process_every_order_once(
    call, orders, other_session, small_batches
):
    last = orders(*["Ada"] * 45)[-1].pk

    def first_copy():
        assert next(process_pending(last, GracefulShutdown())) == 10

    # The second copy takes the other 35, and then waits for these 10.
    with other_session(first_copy, lambda: call("process_orders")):
        assert AuditLog.objects.count() == 45
    assert call.stdout == "Processed 35 of 45 pending orders.\n"
    assert not Order.objects.filter(status="pending").exists()
    assert AuditLog.objects.values("action").distinct().count() == AuditLog.objects.count() == 45


def test_an_order_whose_other_copy_is_killed_is_processed_after_all(
    call, orders, other_session, small_batches
):
    last = orders(*["Ada"] * 15)[-1].pk

    def first_copy():
        assert next(process_pending(last, GracefulShutdown())) == 10

    with other_session(first_copy, lambda: call("process_orders")):
        transaction.set_rollback(True)
    assert call.stdout == "Processed 15 of 15 pending orders.\n"
    assert AuditLog.objects.count() == 15


def test_an_order_that_a_web_request_cancels_meanwhile_stays_canceled(call, orders, other_session):
    order = orders("Ada", "Ada")[0]

    def cancel():
        Order.objects.filter(pk=order.pk).update(status="canceled")

    with other_session(cancel, lambda: call("process_orders")):
        pass
    assert call.stdout == "Processed 1 of 2 pending orders.\n"
    order.refresh_from_db()
    assert order.status == "canceled"
    assert AuditLog.objects.count() == 1


def test_a_lock_that_is_never_released_ends_the_command(call, orders, session, monkeypatch):
    monkeypatch.setattr(locks, "BATCH_LOCK_TIMEOUT", "10ms")
    monkeypatch.setattr(locks, "BATCH_TRIES", 2)
    orders("Ada")
    with transaction.atomic():
        list(Order.objects.select_for_update())
        other = session(lambda: call("process_orders"))
        other.start()
        other.join(60)
    assert isinstance(other.error, OperationalError)
    assert "lock timeout" in str(other.error)
    assert call.stdout == "Processed 0 of 1 pending orders.\n"


def test_a_lock_that_is_held_for_longer_than_a_try_is_waited_for(
    call, orders, other_session, monkeypatch
):
    # Each try ends at once, so that the block below outlives some of them.
    monkeypatch.setattr(locks, "BATCH_LOCK_TIMEOUT", "1ms")
    monkeypatch.setattr(locks, "BATCH_TRIES", 1_000_000)
    orders("Ada")
    with other_session(
        lambda: list(Order.objects.select_for_update()), lambda: call("process_orders")
    ):
        pass
    assert call.stdout == "Processed 1 of 1 pending orders.\n"


@contextmanager
def table_held(name):
    """Hold a whole table, as a migration does: nobody can even read it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE")
        yield


TABLES = [
    ("process_orders", "shop_order", "Processed 1 of 1 pending orders.\n"),
    ("migrate_data", "shop_order", "Linked 1 of 1 orders to their customers.\n"),
    ("migrate_data", "shop_customer", "Linked 1 of 1 orders to their customers.\n"),
]


@pytest.mark.parametrize(("command", "table", "summary"), TABLES)
def test_a_table_that_is_held_is_not_waited_for_without_end(
    call, orders, session, monkeypatch, command, table, summary
):
    monkeypatch.setattr(locks, "BATCH_LOCK_TIMEOUT", "10ms")
    monkeypatch.setattr(locks, "BATCH_TRIES", 2)
    orders(ADA)
    with table_held(table):
        other = session(lambda: call(command))
        other.start()
        other.join(60)
    other.join()
    assert "lock timeout" in str(other.error)


@pytest.mark.parametrize(("command", "table", "summary"), TABLES)
def test_a_table_that_is_held_for_longer_than_a_try_is_waited_for(
    call, orders, session, monkeypatch, wait_until_waiting, command, table, summary
):
    monkeypatch.setattr(locks, "BATCH_LOCK_TIMEOUT", "1ms")
    monkeypatch.setattr(locks, "BATCH_TRIES", 1_000_000)
    orders(ADA)
    other = session(lambda: call(command))
    with table_held(table):
        other.start()
        wait_until_waiting(is_alive=other.is_alive)
    other.join()
    assert (other.error, call.stdout) == (None, summary)


def show(name):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        return cursor.fetchone()[0]


@pytest.mark.parametrize("command", ["process_orders", "migrate_data"])
@pytest.mark.parametrize("error", [None, OperationalError, KeyboardInterrupt])
def test_the_limit_of_a_wait_is_lent_by_the_session_and_given_back(
    call, orders, between_batches, command, error
):
    seen = []

    def look():
        seen.append(show("lock_timeout"))
        if error:
            raise error

    orders(ADA)
    between_batches(1, look)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '7s'")
    try:
        with pytest.raises(error) if error else nullcontext():
            call(command)
        assert (seen, show("lock_timeout")) == (["500ms"], "7s")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")


@pytest.mark.posix
def test_sigterm_ends_the_wait_after_what_was_free(manage, orders, wait_until_waiting):
    rows = orders(*["Ada"] * 150)
    with transaction.atomic():
        Order.objects.select_for_update().get(pk=rows[120].pk)
        process = manage.start("process_orders")
        wait_until_waiting(is_alive=lambda: process.poll() is None)
        process.send_signal(signal.SIGTERM)
        stdout, _ = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (143, "Processed 149 of 150 pending orders.\n")
    assert Order.objects.filter(status="pending").count() == 1


@pytest.mark.posix
def test_sigterm_ends_the_wait_of_a_commit(manage, orders, wait_until_waiting):
    ada = Customer.objects.create(name="Ada", email="ada@example.com")
    orders(ADA)
    with transaction.atomic():
        # The link is checked at the commit, which has to wait for the end of this.
        ada.delete()
        process = manage.start("migrate_data")
        wait_until_waiting(is_alive=lambda: process.poll() is None)
        process.send_signal(signal.SIGTERM)
        stdout, _ = process.communicate(timeout=60)
        transaction.set_rollback(True)
    assert (process.returncode, stdout) == (143, "Linked 0 of 1 orders to their customers.\n")
    assert not Order.objects.exclude(customer=None).exists()


def test_two_copies_of_migrate_data_link_every_order_once(call, orders, other_session):
    last = orders(ADA, BOB, "Ada <ADA@example.com>")[-1].pk

    def first_copy():
        assert next(link_orders(last, 2, GracefulShutdown())).linked == 2

    with other_session(first_copy, lambda: call("migrate_data")):
        pass
    assert call.stdout == "Linked 1 of 3 orders to their customers.\n"
    assert call.stderr == "Changed meanwhile by another session: 2 orders.\n"
    assert Customer.objects.count() == 2
    assert not Order.objects.filter(customer=None).exists()


def test_a_customer_that_another_session_inserts_meanwhile_is_used(call, orders, other_session):
    orders(ADA)

    def sign_up():
        Customer.objects.create(name="Countess", email="ada@example.com")

    with other_session(sign_up, lambda: call("migrate_data")):
        pass
    assert call.stdout == "Linked 1 of 1 orders to their customers.\n"
    assert Order.objects.get().customer.name == "Countess"


def test_customers_are_inserted_in_one_order_so_that_two_copies_cannot_deadlock(
    call, orders, other_session
):
    orders(BOB, ADA)

    def insert(name):
        Customer.objects.create(name=name, email=f"{name}@example.com")

    with other_session(lambda: insert("ada"), lambda: call("migrate_data")):
        # Had the command inserted Bob before it waited for Ada, this would be a deadlock.
        insert("bob")
    assert call.stdout == "Linked 2 of 2 orders to their customers.\n"


def test_what_a_web_request_changes_meanwhile_is_not_overwritten(call, orders, other_session):
    orders(ADA)

    def edit():
        Order.objects.update(total=7, status="canceled")

    with other_session(edit, lambda: call("migrate_data")):
        pass
    order = Order.objects.get()
    assert (order.total, order.status, order.customer.email) == (7, "canceled", "ada@example.com")


def test_a_text_that_a_web_request_corrects_meanwhile_is_read_corrected(
    call, orders, other_session
):
    orders(ADA)
    with other_session(
        lambda: Order.objects.update(legacy_customer=BOB), lambda: call("migrate_data")
    ):
        pass
    assert Order.objects.get().customer.email == "bob@example.com"


def test_a_customer_that_is_deleted_meanwhile_is_an_error_of_that_batch(
    call, orders, other_session
):
    ada = Customer.objects.create(name="Ada", email="ada@example.com")
    orders(ADA)
    with (
        pytest.raises(CommandError, match="^A customer was deleted "),
        other_session(ada.delete, lambda: call("migrate_data")),
    ):
        pass
    assert call.stdout == "Linked 0 of 1 orders to their customers.\n"


def test_killed_in_the_middle_it_goes_on_where_it_was(manage, orders, wait_until_waiting):
    rows = orders(*[f"Customer <c{number % 7}@example.com>" for number in range(50)])
    with transaction.atomic():
        Order.objects.select_for_update().get(pk=rows[25].pk)
        process = manage.start("migrate_data", "--batch-size", 10)
        wait_until_waiting(is_alive=lambda: process.poll() is None)
        process.kill()
        process.wait()
    assert Order.objects.exclude(customer=None).count() == 20
    assert manage("migrate_data").stdout == "Linked 30 of 30 orders to their customers.\n"
    assert Customer.objects.count() == 7
