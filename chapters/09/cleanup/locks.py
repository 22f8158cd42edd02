"""Let one cleanup run at a time, and tell a batch that is refused from a run that has failed."""

from collections.abc import Iterator
from contextlib import contextmanager
from zlib import crc32

from django.core.management.base import CommandError
from django.db import DatabaseError, Error, IntegrityError, connection

from shared_project.toolkit.locks import (
    DEADLOCK_DETECTED,
    LOCK_NOT_AVAILABLE,
    SERIALIZATION_FAILURE,
    error_code,
)

RAISED_BY_A_TRIGGER = "P0001"
# Not SQLite's, which is busy for 20 seconds before it says so, and would be at every batch.
REFUSALS = {SERIALIZATION_FAILURE, DEADLOCK_DETECTED, LOCK_NOT_AVAILABLE, RAISED_BY_A_TRIGGER}


@contextmanager
def only_one(name: str) -> Iterator[None]:
    """Hold the lock `name`; raise CommandError where another process holds it.

    On SQLite nothing is done: it has one writer at a time, and cleanups take turns.

    The lock belongs to the database session. It ends with it, so a killed cleanup leaves none
    behind. Behind a pooler that changes sessions between transactions (PgBouncer's transaction
    mode) connect to the server itself.

    Within the caller's transaction the lock belongs to that, and stays until it ends: what was
    done is not committed before. A transaction that has failed could not be asked to release it.
    """
    if connection.vendor != "postgresql":
        yield
        return
    key = crc32(name.encode())
    owner = "session" if connection.get_autocommit() else "transaction"
    function = {"session": "pg_try_advisory_lock", "transaction": "pg_try_advisory_xact_lock"}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function[owner]}(%s)", [key])
        if cursor.fetchone() != (True,):
            raise CommandError(f"Another {name} is running. Run this one again when it has ended.")
    try:
        yield
    finally:
        if owner == "session":
            release(key)


def release(key: int) -> None:
    """Give back the session's lock `key`."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
    except Error:
        # The session is lost, or a signal has left it in the middle of a statement. The lock
        # goes with it; to raise this error would hide the first one.
        connection.close()


def was_refused(error: DatabaseError) -> bool:
    """Tell whether the database refused these rows only, so that others may still go.

    That is so for a trigger, a constraint, and a row that another session holds.
    """
    return isinstance(error, IntegrityError) or error_code(error) in REFUSALS
