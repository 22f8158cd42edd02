"""Write rows that come with their keys, while other programs write to the same table."""

import time
from collections.abc import Callable
from typing import TypeVar

from django.core.management.base import CommandError
from django.db import OperationalError, connection, models, transaction

from shared_project.toolkit.locks import session_settings

# As long as the settings let SQLite wait.
LOCK_SECONDS = 20
# For one try: new writers queue behind one that waits, so give way to them between the tries.
# Longer than deadlock_timeout, after which PostgreSQL stops an autovacuum that is in the way.
LOCK_TIMEOUT = "2s"
LOCK_NOT_AVAILABLE = "55P03"

Result = TypeVar("Result")


def in_turn(model: type[models.Model], work: Callable[[], Result]) -> Result:
    """Return `work()`, called in a transaction that alone writes to the table of `model`.

    `work` must not wait for a lock itself: two programs that hold one lock each, and wait for
    the other's, would wait for ever. Where it locks rows of other tables, it does so with
    `nowait`, and is called again. Raises CommandError after LOCK_SECONDS.
    """
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            with transaction.atomic():
                lock_table(model)
                return work()
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                raise
            if time.monotonic() >= deadline:
                raise CommandError(
                    f"Another program holds the {model._meta.verbose_name_plural}, or rows that "
                    "they belong to. Run this again when it has ended."
                ) from error
        time.sleep(0.05)


def lock_table(model: type[models.Model]) -> None:
    """Let nobody else write to the table of `model` until the transaction ends; reads go on."""
    # SQLite has locked the whole database when the transaction began.
    if connection.vendor != "postgresql":
        return
    table = connection.ops.quote_name(model._meta.db_table)
    # The transaction may be the caller's, and go on.
    with session_settings(connection, lock_timeout=LOCK_TIMEOUT), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")


def reserve_keys(model: type[models.Model], last: int) -> None:
    """Let the database give no new row a key up to `last`. Call it in turn.

    PostgreSQL counts the keys that it gives, and not those that rows come with: it would give
    those once more. SQLite goes on from the highest key.
    """
    if connection.vendor != "postgresql":
        return
    table, key = connection.ops.quote_name(model._meta.db_table), model._meta.pk.column
    highest = model.objects.aggregate(highest=models.Max("pk", default=0))["highest"]
    with connection.cursor() as cursor:
        # Never backwards: a key that was given once may stand in somebody's log.
        cursor.execute(
            "SELECT setval(sequence, GREATEST(%s, %s, pg_sequence_last_value(sequence)))"
            " FROM CAST(pg_get_serial_sequence(%s, %s) AS regclass) AS sequence",
            [last, highest, table, key],
        )
