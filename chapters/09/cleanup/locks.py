"""Let one cleanup run at a time, and never let it hold up the shop."""

from collections.abc import Iterator
from contextlib import contextmanager
from zlib import crc32

from django.core.management.base import CommandError
from django.db import DatabaseError, IntegrityError, connection

# PostgreSQL's codes for a serialization failure, a deadlock, a lock timeout and a trigger that
# raises.
REFUSALS = {"40001", "40P01", "55P03", "P0001"}


@contextmanager
def only_one(name: str) -> Iterator[None]:
    """Hold the lock `name`; raise CommandError where another process holds it.

    Within, no statement waits longer than half a second for a row. PostgreSQL looks for
    deadlocks after one second and then fails either side; so it is never the shop's. And a
    commit does not wait for the disk: what a crash of the server brings back, the next cleanup
    deletes.

    On SQLite nothing is done: it has one writer at a time, and cleanups take turns.

    The lock belongs to the database session. It ends with it, so a killed cleanup leaves none
    behind. Behind a pooler that changes sessions between transactions (PgBouncer's transaction
    mode) connect to the server itself.
    """
    if connection.vendor != "postgresql":
        yield
        return
    key = crc32(name.encode())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        if cursor.fetchone() != (True,):
            raise CommandError(f"Another {name} is running. Run this one again when it has ended.")
        cursor.execute("SET lock_timeout = '500ms'")
        cursor.execute("SET synchronous_commit = off")
    try:
        yield
    finally:
        # A lost session has taken the lock along; to ask it would hide why it was lost.
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")
                cursor.execute("RESET synchronous_commit")
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])


def commit_to_disk() -> None:
    """Let the commit of the current transaction wait for the disk again.

    For a transaction after which something goes that no later cleanup can bring back.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = on")


def was_refused(error: DatabaseError) -> bool:
    """Tell whether the database refused these rows only, so that others may still go.

    That is so for a trigger, a constraint, and a row that another session holds.
    """
    state = getattr(error.__cause__, "sqlstate", None)
    return isinstance(error, IntegrityError) or state in REFUSALS
