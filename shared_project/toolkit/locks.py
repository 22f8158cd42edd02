"""Wait for a database's locks, and not for ever.

Explained in chapter 7; tested in chapters/07/tests/test_concurrency.py.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from django.db import DatabaseError, OperationalError, connection, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from .shutdown import GracefulShutdown

# For a batch: a container is killed ten seconds after SIGTERM, and a signal counts between two
# tries. 20 seconds in all, as long as the wait for SQLite's lock.
BATCH_LOCK_TIMEOUT = "500ms"
BATCH_TRIES = 40
# For a table: milliseconds that a try may wait, and new writers behind it. Longer than
# deadlock_timeout, a second, after which PostgreSQL stops an autovacuum that is in the way.
TABLE_LOCK_TIMEOUT = 2000
TABLE_TRIES = 10

# https://www.postgresql.org/docs/current/errcodes-appendix.html
LOCK_NOT_AVAILABLE = "55P03"
DEADLOCK_DETECTED = "40P01"
SERIALIZATION_FAILURE = "40001"
# SQLite's errors have names; some say more, such as SQLITE_BUSY_RECOVERY.
CONFLICTS = (LOCK_NOT_AVAILABLE, DEADLOCK_DETECTED, SERIALIZATION_FAILURE, "SQLITE_BUSY")

T = TypeVar("T")


@contextmanager
def session_settings(connection: BaseDatabaseWrapper, **values: str) -> Iterator[None]:
    """Within, the PostgreSQL settings `values` hold in the session: `lock_timeout="20s"`.

    Afterwards each is what it was, whoever set it. Within a transaction they are its own, so
    that a rollback takes them back where no statement can. Other databases have no such settings:
    nothing is done.

    A lock that is the first thing within still comes before the transaction's snapshot, which
    counts under REPEATABLE READ and SERIALIZABLE: https://www.postgresql.org/docs/current/sql-lock.html
    """
    if connection.vendor != "postgresql":
        yield
        return
    local = connection.in_atomic_block
    with connection.cursor() as cursor:
        before = {name: _read(cursor, name) for name in values}
        for name, value in values.items():
            cursor.execute(f"SET {'LOCAL' if local else 'SESSION'} {name} = {_literal(value)}")
    try:
        yield
    finally:
        # A session that is lost has taken its settings along; a transaction that has failed
        # takes them back when it is rolled back.
        if not (local and connection.needs_rollback) and _answers(connection):
            with connection.cursor() as cursor:
                for name, value in before.items():
                    # As SHOW has given it, which SET does not take for a list of names.
                    cursor.execute("SELECT set_config(%s, %s, %s)", [name, value, local])


def set_lock_timeout() -> AbstractContextManager[None]:
    """Within, a wait for a lock fails with OperationalError after BATCH_LOCK_TIMEOUT.

    PostgreSQL waits without a limit unless it is told. SQLite's limit is in the settings.
    """
    return session_settings(connection, lock_timeout=BATCH_LOCK_TIMEOUT)


def wait_for_locks(batch: Callable[[], T], stop: GracefulShutdown) -> T:
    """Return what `batch` returns, a transaction that is tried again where a lock holds it up.

    Let `stop` end the program between two tries. Raises OperationalError after the last one.
    """
    tries = 1
    while True:
        try:
            return batch()
        except OperationalError as error:
            if error_code(error) != LOCK_NOT_AVAILABLE or tries >= BATCH_TRIES:
                raise
        # It was rolled back, at the commit perhaps.
        stop.release()
        stop.exit_if_requested()
        tries += 1


def lock_table(model: type[models.Model], on_wait: Callable[[], None]) -> None:
    """Let nobody else write to the table of `model` until the transaction ends. Reads go on.

    On SQLite the transaction has that lock from its first statement on (see `transaction_mode`
    in settings). On PostgreSQL this waits for running writers, and calls `on_wait` when that
    takes more than two seconds. Raises OperationalError after 20.

    Whoever locks rows one by one can meet another who has locked them in another order; then
    each waits for the other, and PostgreSQL ends one of the two with "deadlock detected".
    Whoever holds nothing while waiting, and waits for nothing afterwards, cannot.
    """
    if connection.vendor != "postgresql":
        return
    table = connection.ops.quote_name(model._meta.db_table)
    tries = 0
    # New writers queue behind one that waits: give way to them between the tries.
    with session_settings(connection, lock_timeout=f"{TABLE_LOCK_TIMEOUT}ms"):
        while True:
            tries += 1
            try:
                # In a savepoint: a failed statement would spoil the whole transaction.
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
            except OperationalError as error:
                if error_code(error) != LOCK_NOT_AVAILABLE or tries == TABLE_TRIES:
                    raise
            else:
                return
            if tries == 1:
                on_wait()


def is_conflict(error: OperationalError) -> bool:
    """Return whether `error` says that another session was in the way, and may be gone soon."""
    return error_code(error).startswith(CONFLICTS)


def error_code(error: DatabaseError) -> str:
    """Return the code that the database gives `error`: `55P03`, `SQLITE_BUSY`; "" where none."""
    cause = error.__cause__
    return getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None) or ""


def _read(cursor, name):
    # Not current_setting(): a SELECT takes the snapshot.
    cursor.execute(f"SHOW {name}")
    return cursor.fetchone()[0]


def _literal(value):
    return "'" + value.replace("'", "''") + "'"


def _answers(connection):
    return connection.connection is not None and connection.is_usable()
