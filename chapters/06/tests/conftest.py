import io
import signal
import sqlite3
import threading
from contextlib import ExitStack, contextmanager

import pytest
from django.core.management import call_command
from django.core.management.base import OutputWrapper
from django.db import OperationalError, connection, transaction

from shared_project.shop.models import Order
from shared_project.toolkit import locks, shutdown


@pytest.fixture(autouse=True)
def _default_signals():
    """Stop on signals, also where pytest runs under nohup or behind a shell's `&`."""
    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.getsignal(getattr(signal, name)) for name in names}
    for name in names:
        default = signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL
        signal.signal(getattr(signal, name), default)
    yield
    for name, handler in before.items():
        signal.signal(getattr(signal, name), handler)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal():
    """Return a stream that says it is a terminal, wrapped as a command's own streams are."""
    return OutputWrapper(Terminal())


@pytest.fixture
def orders(db):
    """Return a function that creates orders, one for every text of a customer."""

    def create(*texts, **values):
        before = Order.objects.count()
        return Order.objects.bulk_create(
            Order(number=f"A-{number:07}", legacy_customer=text, **{"total": 5, **values})
            for number, text in enumerate(texts, before + 1)
        )

    return create


@pytest.fixture
def between_batches(monkeypatch):
    """Return a function that registers what happens before the batch `number`."""
    events, batches = {}, []

    def wait_for_locks(batch, stop):
        batches.append(None)
        events.get(len(batches), lambda: None)()
        return locks.wait_for_locks(batch, stop)

    monkeypatch.setattr("progress.orders.wait_for_locks", wait_for_locks)
    monkeypatch.setattr("progress.customers.wait_for_locks", wait_for_locks)
    return events.__setitem__


class Lock:
    """Lock the orders against the processes that `manage` starts, until it is released."""

    def __init__(self, manage):
        if connection.vendor == "sqlite":
            manage.copy_database()
            lock = sqlite3.connect(manage.database, isolation_level=None)
            # As the settings do; a locked database cannot change its mode.
            lock.execute("PRAGMA journal_mode=WAL")
            lock.execute("BEGIN IMMEDIATE")
            self.release = lock.close
        else:
            lock = ExitStack()
            lock.enter_context(transaction.atomic())
            list(Order.objects.select_for_update())
            self.release = lock.close


@pytest.fixture
def lock_orders(manage):
    """Return a function that locks the orders against the processes that `manage` starts."""
    locks = []
    yield lambda: locks.append(Lock(manage))
    for lock in locks:
        lock.release()


@pytest.fixture
def select():
    """Return a function that reads from the database that `manage` works on."""

    def read(manage, sql):
        if connection.vendor == "sqlite":
            return manage.rows(sql)
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    return read


@pytest.fixture
def other_session(wait_until_waiting):
    """Return a context manager that lets another session wait for this one (PostgreSQL).

    `with other_session(first, second):` runs `first` in a transaction of this session, starts
    `second` in another one, and enters the block when that waits for a lock. The transaction
    ends with the block; then `second` goes on to its end. What it raises, the block raises.
    """

    @contextmanager
    def run(first, second):
        other = Session(second)
        try:
            with transaction.atomic():
                first()
                other.start()
                wait_until_waiting(is_alive=other.is_alive)
                yield
        finally:
            if other.ident:
                other.join(60)
        if other.error:
            raise other.error

    return run


class Session(threading.Thread):
    """Run `work` with a database connection of its own; keep what it raises in `error`."""

    def __init__(self, work):
        super().__init__()
        self.work = work
        self.error = None

    def run(self):
        try:
            self.work()
        except Exception as error:  # noqa: BLE001
            self.error = error
        finally:
            connection.close()


@pytest.fixture
def session():
    return Session


@pytest.fixture
def signal_at_the_end(monkeypatch):
    """Return a function that runs a command as its command line does, and stops it at the end.

    Two signals come while it prints its summary. Return what `work_done` then says.
    """

    class Output(io.StringIO):
        def write(self, text):
            super().write(text)
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGTERM)

    def run(command):
        monkeypatch.setattr(shutdown, "_done", "")
        monkeypatch.setattr(command, "_called_from_command_line", True)
        with pytest.raises(SystemExit, match="^143$"):
            call_command(command, stdout=Output(), stderr=io.StringIO())
        return shutdown.work_done()

    return run


@pytest.fixture
def fail_at_the_second_update():
    """Return a wrapper for `connection.execute_wrapper` under which the disk fills up."""
    seen = []

    def execute_or_fail(execute, sql, params, many, context):
        if sql.startswith("UPDATE"):
            seen.append(sql)
            if len(seen) == 2:
                raise OperationalError("disk is full")
        return execute(sql, params, many, context)

    return execute_or_fail
