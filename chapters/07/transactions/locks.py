"""Keep other writers away from a table for as long as a transaction takes."""

from collections.abc import Callable

from django.db import OperationalError, connection, models, transaction

from shared_project.toolkit.locks import session_settings

# Milliseconds that a try may wait, and new writers behind it. Longer than deadlock_timeout, a
# second, after which PostgreSQL stops an autovacuum that is in the way.
LOCK_TIMEOUT = 2000
TRIES = 10

# https://www.postgresql.org/docs/current/errcodes-appendix.html
LOCK_NOT_AVAILABLE = "55P03"
DEADLOCK_DETECTED = "40P01"
SERIALIZATION_FAILURE = "40001"
# SQLite's errors have names; some say more, such as SQLITE_BUSY_RECOVERY.
CONFLICTS = (LOCK_NOT_AVAILABLE, DEADLOCK_DETECTED, SERIALIZATION_FAILURE, "SQLITE_BUSY")


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
    with session_settings(connection, lock_timeout=f"{LOCK_TIMEOUT}ms"):
        while True:
            tries += 1
            try:
                # In a savepoint: a failed statement would spoil the whole transaction.
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
            except OperationalError as error:
                if _code(error) != LOCK_NOT_AVAILABLE or tries == TRIES:
                    raise
            else:
                return
            if tries == 1:
                on_wait()


def is_conflict(error: OperationalError) -> bool:
    """Return whether `error` says that another session was in the way, and may be gone soon."""
    return _code(error).startswith(CONFLICTS)


def _code(error):
    cause = error.__cause__
    return getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None) or ""
