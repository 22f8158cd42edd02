"""What the project needs to run, each thing tried out and timed.

A probe returns a few words about what it found, or raises; whatever it raises is the answer
"no". Cache backends raise the errors of their own libraries, which have no base class in common.
"""

import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.cache import caches
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from export.files import MEGABYTE
from greet.text import printable
from styling.deadline import attempt

TIMEOUT = 5  # seconds for each check
MIN_FREE = 100 * MEGABYTE


class UnhealthyError(Exception):
    """A probe ran to its end and did not like what it found."""


@dataclass(frozen=True)
class Result:
    name: str
    ok: bool
    milliseconds: float
    detail: str
    error: Exception | None = None


def run_checks() -> Iterator[Result]:
    """Check every database and its migrations, every cache, and the disks; yield as they end."""
    for alias in connections:
        database = run_check(f"database {alias}", probe_database, alias)
        yield database
        name = f"migrations {alias}"
        if database.ok:
            yield run_check(name, probe_migrations, alias)
        else:
            # It would wait for the same server until its own deadline.
            yield Result(name, False, 0.0, f"not checked, because database {alias} failed")
    for alias in caches:
        yield run_check(f"cache {alias}", probe_cache, alias)
    for name, folder in folders().items():
        yield run_check(f"disk {name}", probe_disk, folder)


def run_check(name: str, probe: Callable[..., str], *arguments) -> Result:
    """Return what `probe(*arguments)` found; failed where it raised or took over TIMEOUT."""
    detail, error, seconds = attempt(TIMEOUT, probe, *arguments)
    if error:
        detail = one_line(error)
    return Result(name, error is None, round(seconds * 1000, 1), detail, error)


def one_line(error: Exception) -> str:
    """Return the first line of what `error` says, with its type where that is no words."""
    text = printable((str(error).splitlines() or [""])[0])
    if isinstance(error, (UnhealthyError, TimeoutError)):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def probe_database(alias: str) -> str:
    """Ask the database something that it cannot answer without being there."""
    connection = connections[alias]
    sqlite = connection.vendor == "sqlite"
    if sqlite and not connection.is_in_memory_db():
        # Connecting to a file that is not there creates an empty one, and all looks well.
        file = Path(connection.settings_dict["NAME"])
        if not file.is_file():
            raise UnhealthyError(
                f"there is no file {printable(str(file))}. "
                f"Run: python manage.py migrate --database {alias}"
            )
    try:
        with connection.cursor() as cursor:
            # SQLite answers SELECT 1 without a look into the file.
            cursor.execute("SELECT COUNT(*) FROM sqlite_master" if sqlite else "SELECT 1")
            cursor.fetchone()
    finally:
        connection.close()
    return connection.display_name


def probe_migrations(alias: str) -> str:
    """Compare the migrations in the code with those that the database has had."""
    connection = connections[alias]
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    finally:
        connection.close()
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


def probe_disk(folder: Path) -> str:
    """Look at the space that is free for `folder`, which need not exist yet."""
    existing = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    free = shutil.disk_usage(existing).free
    if free < MIN_FREE:
        raise UnhealthyError(
            f"{free / MEGABYTE:.1f} MB free for {printable(str(folder))}, "
            f"less than {MIN_FREE / MEGABYTE:g} MB. Free some space."
        )
    return f"{free / MEGABYTE / 1024:.1f} GB free"


def folders() -> dict[str, Path]:
    """Return the folders that the project writes to, by what it writes there."""
    databases = {
        f"database {alias}": Path(entry["NAME"]).resolve().parent
        for alias, entry in connections.settings.items()
        if entry["ENGINE"].endswith(".sqlite3") and "memory" not in str(entry["NAME"])
    }
    return {
        **databases,
        "uploads": Path(settings.MEDIA_ROOT).resolve(),
        "temporary files": Path(tempfile.gettempdir()),
    }
