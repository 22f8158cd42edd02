"""Hold what a database session lends, and give it back."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.backends.base.base import BaseDatabaseWrapper


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


def _read(cursor, name):
    # Not current_setting(): a SELECT takes the snapshot.
    cursor.execute(f"SHOW {name}")
    return cursor.fetchone()[0]


def _literal(value):
    return "'" + value.replace("'", "''") + "'"


def _answers(connection):
    return connection.connection is not None and connection.is_usable()
