"""What full_reset needs to know and to hold of a database's tables."""

import time
from contextlib import contextmanager

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management.base import CommandError
from django.db import OperationalError, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

# How long to try on PostgreSQL; on SQLite the `timeout` in DATABASES counts.
LOCK_SECONDS = 5
# https://www.postgresql.org/docs/current/errcodes-appendix.html
LOCK_NOT_AVAILABLE = "55P03"

# flush deletes these too, but has them made again.
REMADE = {ContentType, Permission}


def describe(connection: BaseDatabaseWrapper) -> str:
    """Return the database's name, and its server's where it has one."""
    server = connection.settings_dict
    return f"{server['NAME']} on {server['HOST']}" if server["HOST"] else str(server["NAME"])


def rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def has_pending_migrations(connection: BaseDatabaseWrapper) -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def row_counts(connection: BaseDatabaseWrapper) -> dict[str, int]:
    """Return how many rows each model has, by its verbose name, but for models without rows."""
    tables = set(connection.introspection.table_names())
    counts = {}
    for model in apps.get_models(include_auto_created=True):
        options = model._meta
        if (
            model not in REMADE
            and options.can_migrate(connection)
            and router.allow_migrate_model(connection.alias, model)
            and options.db_table in tables
            and (count := model._base_manager.using(connection.alias).count())
        ):
            name = options.verbose_name if count == 1 else options.verbose_name_plural
            counts[str(name)] = counts.get(str(name), 0) + count
    return counts


def lock_and_count(connection: BaseDatabaseWrapper) -> dict[str, int]:
    """Hold every table alone until the transaction ends; return `row_counts` from then on."""
    lock_tables(connection)
    return row_counts(connection)


def lock_tables(connection: BaseDatabaseWrapper) -> None:
    """Hold every table alone until the transaction ends.

    Raises CommandError where another session holds one for LOCK_SECONDS. On SQLite there is
    nothing to do: the transaction has locked the whole database when it began.
    """
    if connection.vendor != "postgresql":
        return
    tables = sorted(connection.introspection.django_table_names(only_existing=True))
    if not tables:
        return
    names = ", ".join(map(connection.ops.quote_name, tables))
    deadline = time.monotonic() + LOCK_SECONDS
    # All at once or none: waiting for one table while holding others would be a deadlock with
    # a request that holds the one and wants another.
    while True:
        try:
            with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
                cursor.execute(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE NOWAIT")
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                raise
            if time.monotonic() >= deadline:
                raise CommandError(
                    f"{describe(connection)}: {str(error).splitlines()[0]} in {LOCK_SECONDS:g} "
                    "seconds. Run the command again when the other session has ended. "
                    "Nothing has changed."
                ) from error
            time.sleep(0.05)
        else:
            return


@contextmanager
def forget_content_types():
    """Drop the content types that Django remembers, when the block has ended.

    flush makes them again under new keys, and loaddata looks some up, for instance to find a
    permission by its name. After a rollback the old keys count once more.
    """
    try:
        yield
    finally:
        ContentType.objects.clear_cache()
