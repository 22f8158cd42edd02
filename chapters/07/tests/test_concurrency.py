"""Other sessions that write at the same time. Each waits until it is seen waiting."""

import signal
import time

import pytest
from django.core.management.base import CommandError
from django.db import OperationalError, connection

from shared_project.shop.models import Product
from transactions import locks

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


class Session:
    """Another session of the database: a web request in the middle of its transaction."""

    def __init__(self):
        self.connection = connection.copy()
        self.connection.set_autocommit(False)

    def execute(self, sql):
        with self.connection.cursor() as cursor:
            cursor.execute(sql)

    def commit(self):
        self.connection.commit()


@pytest.fixture
def web(products):
    session = Session()
    yield session
    session.connection.close()


@pytest.fixture
def second_web(products):
    session = Session()
    yield session
    session.connection.close()


def wait_for_waiting(count):
    """Return when `count` sessions are seen waiting for a lock on the products."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks "
                "WHERE NOT granted AND relation = 'shop_product'::regclass AND database = "
                "(SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            if cursor.fetchone()[0] == count:
                return
        time.sleep(0.01)
    pytest.fail(f"{count} sessions never waited")


def finish(*processes):
    """Wait for `processes`; return their exit codes and what they wrote to stderr."""
    codes = [process.wait(30) for process in processes]
    return codes, "".join(process.stderr.read() for process in processes)


def test_two_copies_both_count_and_other_edits_stay(manage, web, prices):
    web.execute("UPDATE shop_product SET name = 'Novella' WHERE name = 'Novel'")
    web.execute("DELETE FROM shop_product WHERE name = 'Atlas'")
    both = [manage.start("bulk_update", "--percentage", "10") for _ in range(2)]
    wait_for_waiting(2)
    web.commit()
    assert finish(*both)[0] == [0, 0]
    assert prices() == {"Novella": "13.30", "Pen": "0.01", "Robot": "121.00"}


@pytest.mark.parametrize(
    "lock", ["UPDATE shop_product SET name = 'Cyborg'", "SELECT * FROM shop_product"]
)
def test_a_request_that_edits_two_rows_in_any_order_meets_no_deadlock(manage, web, prices, lock):
    where = "WHERE name = 'Robot'"
    web.execute(f"{lock} {where} FOR UPDATE" if lock.startswith("SELECT") else f"{lock} {where}")
    both = [
        manage.start("bulk_update", "--percentage", "10"),
        manage.start("bulk_update", "--percentage", "10", "--category", "Books"),
    ]
    wait_for_waiting(2)
    web.execute("UPDATE shop_product SET price = 20 WHERE name = 'Novel'")
    web.execute("UPDATE shop_product SET price = 200, name = 'Robot' WHERE category = 'Toys'")
    web.commit()
    assert finish(*both)[0] == [0, 0]
    assert prices() == {"Novel": "24.20", "Atlas": "1.40", "Pen": "0.01", "Robot": "220.00"}


def test_other_requests_write_while_it_waits(manage, web, second_web):
    web.execute("UPDATE shop_product SET price = 20 WHERE name = 'Novel'")
    process = manage.start("bulk_update", "--percentage", "10")
    wait_for_waiting(1)
    second_web.execute("SET lock_timeout = 10000")
    second_web.execute("UPDATE shop_product SET price = 200 WHERE name = 'Robot'")
    second_web.commit()
    web.commit()
    codes, errors = finish(process)
    assert (codes, errors) == ([0], "Waiting for somebody else who writes to the products…\n")


def test_waits_until_postgresql_stops_an_autovacuum():
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting::int FROM pg_settings WHERE name = 'deadlock_timeout'")
        assert cursor.fetchone()[0] < locks.LOCK_TIMEOUT


@pytest.mark.parametrize(
    ("verbosity", "notice"),
    [(0, ""), (1, "Waiting for somebody else who writes to the products…\n")],
)
def test_gives_up_when_nobody_lets_it_write(call, web, monkeypatch, prices, verbosity, notice):
    monkeypatch.setattr(locks, "LOCK_TIMEOUT", 10)
    monkeypatch.setattr(locks, "TRIES", 3)
    before = prices()
    web.execute("UPDATE shop_product SET price = 20 WHERE name = 'Novel'")
    with pytest.raises(CommandError, match="Nothing changed; run the command again.$"):
        call("bulk_update", percentage="10", verbosity=verbosity)
    assert (call.stdout, call.stderr) == ("", notice)
    assert prices() == before


def test_another_failure_while_it_waits_is_not_called_a_lock(call, web):
    web.execute("UPDATE shop_product SET price = 20 WHERE name = 'Novel'")
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 50")
        try:
            with pytest.raises(OperationalError, match="statement timeout"):
                call("bulk_update", percentage="10")
        finally:
            cursor.execute("RESET statement_timeout")
    assert call.stderr == ""


def test_the_list_holds_what_a_request_committed_meanwhile(manage, web):
    web.execute("UPDATE shop_product SET price = 200 WHERE name = 'Robot'")
    process = manage.start("bulk_update", "--percentage=10", "--category=Toys", "-v2")
    wait_for_waiting(1)
    web.commit()
    assert process.stdout.readline() == "Robot: 200.00 -> 220.00\n"


def test_a_dry_run_waits_for_nobody(call, web):
    web.execute("LOCK TABLE shop_product IN EXCLUSIVE MODE")
    output = call("bulk_update", percentage="10", dry_run=True, verbosity=2)
    assert output.endswith("Would change 3 of 4 prices by +10 %.\n")


def test_a_dry_run_holds_no_lock_while_it_lists(call, web, monkeypatch):
    def write_list(changing, listing):
        web.execute("SET lock_timeout = 1000")
        web.execute("UPDATE shop_product SET price = 20")
        web.commit()

    monkeypatch.setattr("transactions.prices.write_list", write_list)
    call("bulk_update", percentage="10", dry_run=True, verbosity=2)
    assert set(Product.objects.values_list("price", flat=True)) == {20}


@pytest.mark.posix
@pytest.mark.parametrize(
    ("number", "code", "said"),
    [(signal.SIGTERM, 143, ""), (signal.SIGINT, 130, "Stopped by Ctrl-C.\n")],
)
def test_a_signal_while_it_waits_changes_nothing(manage, web, prices, number, code, said):
    before = prices()
    web.execute("UPDATE shop_product SET name = 'Novella' WHERE name = 'Novel'")
    process = manage.start("bulk_update", "--percentage", "10", "-v", "0")
    wait_for_waiting(1)
    process.send_signal(number)
    assert finish(process) == ([code], said)
    web.connection.rollback()
    assert prices() == before
