"""Try out what the project needs, one thing at a time, and leave nothing behind.

A probe returns a few words about what it found, or raises; whatever it raises is the answer
"no". Cache backends raise the errors of their own libraries, which have no base class in common.
"""

import secrets
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.apps import apps
from django.conf import settings
from django.core.cache import caches
from django.db import OperationalError, connections, router
from django.db.migrations.executor import MigrationExecutor

from shared_project.toolkit.files import MEGABYTE
from shared_project.toolkit.text import printable

MIN_FREE = 100 * MEGABYTE

# A table that is not there has no rights to lack: the migrations are another check.
MISSING_RIGHTS = """
SELECT privilege || ' on ' || name
FROM unnest(%s::text[]) AS name, unnest('{SELECT,INSERT,UPDATE,DELETE}'::text[]) AS privilege
WHERE NOT has_table_privilege(to_regclass(name), privilege)
ORDER BY name, privilege
"""


class UnhealthyError(Exception):
    """A probe ran to its end and did not like what it found."""


def probe_database(alias: str) -> str:
    """Ask the database something that it cannot answer without being there, and try to write.

    Not so where no model is written to `alias` by the project's routers: then it is a replica.
    """
    connection = connections[alias]
    sqlite = connection.vendor == "sqlite"
    if sqlite and has_file(connection.settings_dict):
        # Connecting to a file that is not there creates an empty one, and all looks well.
        file = sqlite_file(connection.settings_dict["NAME"])
        if not file.is_file():
            raise UnhealthyError(
                f"there is no file {printable(str(file))}. "
                f"Run: python manage.py migrate --database {alias}"
            )
    with connection.cursor() as cursor:
        # SQLite answers SELECT 1 without a look into the file.
        cursor.execute("SELECT COUNT(*) FROM sqlite_master" if sqlite else "SELECT 1")
        cursor.fetchone()
        models = written_models(alias)
        if not models:
            return f"{connection.display_name}, not written to"
        if sqlite:
            try_to_write(connection, cursor)
        elif connection.vendor == "postgresql":
            ask_for_rights(connection, cursor, models)
    return connection.display_name


def written_models(alias: str) -> list:
    """Return the models that the project's routers write to the database `alias`."""
    models = apps.get_models(include_auto_created=True)
    return [model for model in models if router.db_for_write(model) == alias]


def try_to_write(connection, cursor) -> None:
    """Raise what SQLite raises where the database takes no writes; change nothing."""
    # In a transaction that has read, SQLite does not wait for another writer.
    cursor.execute("BEGIN")
    try:
        cursor.execute("PRAGMA user_version")
        (number,) = cursor.fetchone()
        cursor.execute(f"PRAGMA user_version = {number}")
    except OperationalError as error:
        # Where somebody else is writing, it can be written.
        if "locked" not in str(error):
            raise
    finally:
        connection.rollback()


def ask_for_rights(connection, cursor, models) -> None:
    """Raise UnhealthyError where PostgreSQL would refuse to write what the project writes."""
    cursor.execute("SELECT current_setting('transaction_read_only')")
    if cursor.fetchone() == ("on",):
        raise UnhealthyError(
            "takes no writes: it is a replica, or default_transaction_read_only is on."
        )
    tables = {model._meta.db_table for model in models if model._meta.managed}
    cursor.execute(MISSING_RIGHTS, [[connection.ops.quote_name(table) for table in tables]])
    if missing := [right for (right,) in cursor.fetchall()]:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise UnhealthyError(
            f"the user lacks the right to {printable(missing[0])}{more}. "
            "Grant it, or connect as another user."
        )


def probe_migrations(alias: str) -> str:
    """Compare the migrations in the code with those that the database has had."""
    executor = MigrationExecutor(connections[alias])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        raise UnhealthyError(
            f"{len(plan)} not applied, the first is {plan[0][0]}. "
            f"Run: python manage.py migrate --database {alias}"
        )
    return "all applied"


def probe_cache(alias: str) -> str:
    """Store a value that nobody can know, and read it back."""
    cache = caches[alias]
    key, value = f"check_health.{secrets.token_hex(8)}", secrets.token_hex(8)
    try:
        cache.set(key, value, timeout=60)
        found = cache.get(key)
        cache.delete(key)
    finally:
        cache.close()
    if found != value:
        raise UnhealthyError(f"{type(cache).__name__} does not give back what it is given")
    return type(cache).__name__


def disks() -> dict[str, tuple]:
    """Return what the project writes to disks, and the probe for each with its arguments."""
    found = {
        f"database {alias}": (probe_database_folder, alias)
        for alias, entry in connections.settings.items()
        if has_file(entry)
    }
    found["uploads"] = (probe_folder, lambda: settings.MEDIA_ROOT)
    if settings.FILE_UPLOAD_TEMP_DIR:
        found["uploads in progress"] = (probe_folder, lambda: settings.FILE_UPLOAD_TEMP_DIR)
    found["temporary files"] = (probe_folder, tempfile.gettempdir)
    return found


def probe_database_folder(alias: str) -> str:
    """Probe the folder of an SQLite file, which holds its log and journal too."""
    if not written_models(alias):
        return "not written to"
    name = connections.settings[alias]["NAME"]
    return probe_folder(lambda: sqlite_file(name).parent)


def probe_folder(find: Callable[[], str | Path]) -> str:
    """Write in the folder that `find` returns, which need not exist yet, and look at its space."""
    folder = Path(find()).resolve()
    existing = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    free = shutil.disk_usage(existing).free
    if free < MIN_FREE:
        raise UnhealthyError(
            f"{free / MEGABYTE:.1f} MB free for {printable(str(folder))}, "
            f"less than {MIN_FREE / MEGABYTE:g} MB. Free some space."
        )
    try:
        with tempfile.TemporaryFile(dir=existing) as file:
            file.write(bytes(4096))
    except OSError as error:
        raise UnhealthyError(
            f"nothing can be written in {printable(str(existing))}: {error.strerror}."
        ) from error
    return f"{free / MEGABYTE / 1024:.1f} GB free"


def has_file(entry: dict) -> bool:
    """Say whether a database's settings are those of an SQLite file."""
    name = str(entry["NAME"] or "")
    in_memory = ":memory:" in name or "mode=memory" in name
    return str(entry["ENGINE"]).endswith(".sqlite3") and bool(name) and not in_memory


def sqlite_file(name: str | Path) -> Path:
    """Return the file of an SQLite database: its name, which may be a URI."""
    uri = str(name).startswith("file:")
    return Path(unquote(urlsplit(name).path) if uri else name)
