"""Other sessions that write at the same time. Each waits until it is seen waiting."""

import re
import signal
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management.base import CommandError
from django.db import OperationalError, connection, transaction

from shared_project.shop.models import Product
from shared_project.toolkit import locks

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


def finish(*processes):
    """Wait for `processes`; return their exit codes and what they wrote to stderr."""
    codes = [process.wait(60) for process in processes]
    return codes, "".join(process.stderr.read() for process in processes)


def test_two_copies_both_count_and_other_edits_stay(manage, web, prices, wait_until_waiting):
    web.execute("UPDATE shop_product SET name = 'Novella' WHERE name = 'Novel'")
    web.execute("DELETE FROM shop_product WHERE name = 'Atlas'")
    both = [manage.start("bulk_update", "--percentage", "10") for _ in range(2)]
    wait_until_waiting(2)
    web.commit()
    assert finish(*both)[0] == [0, 0]
    assert prices() == {"Novella": "13.30", "Pen": "0.01", "Robot": "121.00"}


@pytest.mark.parametrize(
    "lock", ["UPDATE shop_product SET name = 'Cyborg'", "SELECT * FROM shop_product"]
)
def test_a_request_that_edits_two_rows_in_any_order_meets_no_deadlock(
    manage, web, prices, lock, wait_until_waiting
):
    where = "WHERE name = 'Robot'"
    web.execute(f"{lock} {where} FOR UPDATE" if lock.startswith("SELECT") else f"{lock} {where}")
    both = [
        manage.start("bulk_update", "--percentage", "10"),
        manage.start("bulk_update", "--percentage", "10", "--category", "Books"),
    ]
    wait_until_waiting(2)
    web.execute("UPDATE shop_product SET price = 20 WHERE name = 'Novel'")
    web.execute("UPDATE shop_product SET price = 200, name = 'Robot' WHERE category = 'Toys'")
    web.commit()
    assert finish(*both)[0] == [0, 0]
    assert prices() == {"Novel": "24.20", "Atlas": "1.40", "Pen": "0.01", "Robot": "220.00"}


def test_other_requests_write_while_it_waits(manage, web, second_web, wait_until_waiting):
    web.execute("UPDATE shop_product SET price = 20 WHERE name = 'Novel'")
    process = manage.start("bulk_update", "--percentage", "10")
    wait_until_waiting()
    second_web.execute("SET lock_timeout = 10000")
    second_web.execute("UPDATE shop_product SET price = 200 WHERE name = 'Robot'")
    second_web.commit()
    web.commit()
    codes, errors = finish(process)
    assert (codes, errors) == ([0], "Waiting for somebody else who writes to the products…\n")


def test_waits_until_postgresql_stops_an_autovacuum():
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting::int FROM pg_settings WHERE name = 'deadlock_timeout'")
        assert cursor.fetchone()[0] < locks.TABLE_LOCK_TIMEOUT


@pytest.fixture
def impatient(monkeypatch):
    """Let the command give up soon."""
    monkeypatch.setattr(locks, "TABLE_LOCK_TIMEOUT", 10)
    monkeypatch.setattr(locks, "TABLE_TRIES", 3)


@pytest.mark.parametrize(
    ("verbosity", "notice"),
    [(0, ""), (1, "Waiting for somebody else who writes to the products…\n")],
)
def test_gives_up_when_nobody_lets_it_write(call, web, impatient, prices, verbosity, notice):
    before = prices()
    web.execute("UPDATE shop_product SET price = 20 WHERE name = 'Novel'")
    with pytest.raises(CommandError, match="Nothing changed; run the command again.$"):
        call("bulk_update", percentage="10", verbosity=verbosity)
    assert (call.stdout, call.stderr) == ("", notice)
    assert prices() == before


def test_tries_as_often_as_it_says(call, web, impatient):
    tries = []

    def count(execute, sql, params, many, context):
        if sql.startswith("LOCK TABLE"):
            tries.append(sql)
        return execute(sql, params, many, context)

    web.execute("UPDATE shop_product SET price = 20 WHERE name = 'Novel'")
    with connection.execute_wrapper(count), pytest.raises(CommandError):
        call("bulk_update", percentage="10")
    assert len(tries) == 3


@contextmanager
def own_lock_timeout():
    """Give this session a lock_timeout of its own; yield a function that reads it."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '7s'")

        def read():
            cursor.execute("SHOW lock_timeout")
            return cursor.fetchone()[0]

        try:
            yield read
        finally:
            cursor.execute("RESET lock_timeout")


def test_the_sessions_own_lock_timeout_is_given_back(call, web):
    with own_lock_timeout() as read:
        call("bulk_update", percentage="10")
        assert read() == "7s"


def test_the_sessions_own_lock_timeout_is_given_back_after_a_failure(call, web, impatient):
    web.execute("UPDATE shop_product SET price = 20 WHERE name = 'Novel'")
    with own_lock_timeout() as read:
        with pytest.raises(CommandError):
            call("bulk_update", percentage="10")
        assert read() == "7s"


def test_the_sessions_own_lock_timeout_counts_again_once_the_table_is_held(web, impatient):
    with own_lock_timeout() as read, transaction.atomic():
        locks.lock_table(Product, lambda: None)
        assert read() == "7s"


def test_a_table_that_was_not_held_leaves_the_callers_transaction_as_it_was(web, impatient):
    web.execute("UPDATE shop_product SET price = 20 WHERE name = 'Novel'")
    with own_lock_timeout() as read, transaction.atomic():
        with pytest.raises(OperationalError, match="lock timeout"):
            locks.lock_table(Product, lambda: None)
        assert read() == "7s"


@pytest.mark.parametrize(
    "code", ["40P01", "40001", "55P03"], ids=["deadlock", "serialization failure", "lock"]
)
def test_whatever_another_session_is_in_the_way_of_can_be_run_again(call, web, prices, code):
    before = prices()
    # A trigger may lock what others hold too.
    do(
        f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN RAISE SQLSTATE '{code}'; END $$",
        "CREATE TRIGGER refuse BEFORE UPDATE ON shop_product EXECUTE FUNCTION refuse()",
    )
    try:
        with pytest.raises(CommandError) as caught:
            call("bulk_update", percentage="10")
    finally:
        do("DROP FUNCTION refuse CASCADE")
    assert str(caught.value) == (
        "Somebody else is writing to the products. Nothing changed; run the command again."
    )
    assert prices() == before


def do(*statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_what_is_committed_while_it_waits_counts_in_any_isolation(
    manage, web, prices, isolation, wait_until_waiting
):
    web.execute("UPDATE shop_product SET price = 200 WHERE name = 'Robot'")
    options = isolation.replace(" ", r"\ ")
    process = manage.start(
        "bulk_update",
        "--percentage=10",
        env={"PGOPTIONS": f"-c default_transaction_isolation={options}"},
    )
    wait_until_waiting()
    web.commit()
    assert finish(process)[0] == [0]
    assert prices()["Robot"] == "220.00"


def test_a_connection_that_is_lost_during_the_commit_leaves_it_open(call, web, prices):
    before = prices()
    do(
        "CREATE FUNCTION leave() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$",
        "CREATE CONSTRAINT TRIGGER leave AFTER UPDATE ON shop_product "
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION leave()",
    )
    try:
        with pytest.raises(CommandError) as caught:
            call("bulk_update", percentage="10")
    finally:
        do("DROP FUNCTION leave CASCADE")
    assert str(caught.value) == (
        "The connection was lost during the commit, so the prices may have changed. "
        "Look at one before you run the command again."
    )
    assert prices() == before


@pytest.mark.parametrize("verbosity", [1, 2])
def test_a_read_only_database_changes_nothing(manage, web, prices, verbosity):
    before = prices()
    done = manage(
        "bulk_update",
        "--percentage=10",
        f"-v{verbosity}",
        env={"PGOPTIONS": "-c default_transaction_read_only=on"},
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"Error: Database .*: cannot execute .* read-only .*\n", done.stderr)
    assert prices() == before


@pytest.mark.posix
def test_a_list_that_does_not_fit_on_the_disk_changes_nothing(manage, call, web, prices):
    # Rows enough for a list that is held on the disk, not in memory.
    Product.objects.bulk_create(
        Product(name=f"{i:0200}", price=1, category="Toys") for i in range(6000)
    )
    before = prices()
    length = len(call("bulk_update", percentage="10", verbosity=2, dry_run=True))

    def limit():
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (length - 2000,) * 2)

    done = manage("bulk_update", "--percentage=10", "-v2", preexec_fn=limit)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(
        r"CommandError: Folder for temporary files, .*: File too large\. .*\n", done.stderr
    )
    assert prices() == before


@pytest.mark.posix
@pytest.mark.filesystem
def test_a_notice_that_cannot_be_written_decides_nothing(
    manage, web, prices, wait_until_waiting_again
):
    web.execute("UPDATE shop_product SET price = 200 WHERE name = 'Robot'")
    with Path("/dev/full").open("w") as full:
        process = manage.start("bulk_update", "--percentage=10", stderr=full)
        wait_until_waiting_again()  # it has stepped back, and said that it waits
        web.commit()
        assert process.wait(60) == 0
    assert process.stdout.read() == "Changed 3 of 4 prices by +10 %.\n"
    assert prices()["Robot"] == "220.00"


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


def test_the_list_holds_what_a_request_committed_meanwhile(manage, web, wait_until_waiting):
    web.execute("UPDATE shop_product SET price = 200 WHERE name = 'Robot'")
    process = manage.start("bulk_update", "--percentage=10", "--category=Toys", "-v2")
    wait_until_waiting()
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
def test_a_signal_while_it_waits_changes_nothing(
    manage, web, prices, number, code, said, wait_until_waiting
):
    before = prices()
    web.execute("UPDATE shop_product SET name = 'Novella' WHERE name = 'Novel'")
    process = manage.start("bulk_update", "--percentage", "10", "-v", "0")
    wait_until_waiting()
    process.send_signal(number)
    assert finish(process) == ([code], said)
    web.connection.rollback()
    assert prices() == before


def test_step_3_and_a_request_that_edits_two_rows_end_in_a_deadlock(
    manage, web, wait_until_waiting
):
    web.execute("UPDATE shop_product SET name = 'Cyborg' WHERE name = 'Robot'")
    process = manage.start("step", "07/3", "--percentage=10")
    wait_until_waiting()
    refused = ""
    try:
        web.execute("UPDATE shop_product SET name = 'Novella' WHERE name = 'Novel'")
        web.commit()
    except OperationalError as error:
        refused = str(error)
        web.connection.rollback()
    codes, errors = finish(process)
    assert "deadlock detected" in refused + errors
    assert codes == ([0] if refused else [1])


def test_step_3_counts_twice_where_step_2_loses_a_raise(manage, web, prices, wait_until_waiting):
    # Both have read before the request lets them write.
    for number, after in [(2, "110.00"), (3, "133.10")]:
        web.execute("UPDATE shop_product SET name = name")
        both = [manage.start("step", f"07/{number}", "--percentage=10") for _ in range(2)]
        wait_until_waiting(2)
        web.commit()
        assert finish(*both)[0] == [0, 0]
        assert prices()["Robot"] == after
