"""Wait for SQLite's lock in a way that Ctrl-C and SIGTERM can end.

Explained in chapter 1; tested in shared_project/tests/test_toolkit_sqlite.py.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PATIENCE = 20  # seconds
# Where SQLite looks for a folder, in its order: https://www.sqlite.org/tempfiles.html
TEMPORARY_FOLDERS = ["/var/tmp", "/usr/tmp", "/tmp", "."]  # noqa: S108

_interruptions: list[Callable[[], None]] = []


class _PatientCursor(sqlite3.Cursor):
    def execute(self, *arguments):
        if self.connection.in_transaction:
            # Whoever reads first and writes then waits in vain: SQLite fails at once, for good.
            return super().execute(*arguments)
        return _wait_for_lock(super().execute, *arguments)

    def executemany(self, *arguments):
        connection = self.connection
        if connection.in_transaction:
            return super().executemany(*arguments)
        # One lock for all of them: what is tried again must not have been done in part.
        with connection:
            self.execute("BEGIN IMMEDIATE")
            return super().executemany(*arguments)

    def close(self):
        # Whatever ends a loop over `iterator()` keeps its cursor until it has been reported, and
        # Django has closed the connection by then. Python would print a traceback for that.
        with suppress(sqlite3.ProgrammingError):
            super().close()


class PatientConnection(sqlite3.Connection):
    """A connection that waits up to PATIENCE seconds for the lock of another one.

    SQLite's own wait (`timeout`) is in C, where Python's signal handlers do not run: Ctrl-C and
    SIGTERM count when it is over, and a container is killed before that. This one waits
    `timeout` at a time and looks for signals in between. In DATABASES:

        "OPTIONS": {"factory": PatientConnection, "timeout": 0.1}

    Where SQLite finds no folder to write temporary files in, it keeps them in memory; without
    that, statements that sort fail with "disk I/O error".
    """

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        if temporary_folder() is None:
            self.execute("PRAGMA temp_store = MEMORY")

    def cursor(self, factory=sqlite3.Cursor):
        return super().cursor(_patient(factory))

    # These two make a cursor themselves, and not by the method above.
    def execute(self, *arguments):
        return self.cursor().execute(*arguments)

    def executemany(self, *arguments):
        return self.cursor().executemany(*arguments)

    def commit(self):
        # Without a write-ahead log, a commit waits for the readers.
        return _wait_for_lock(super().commit)


@contextmanager
def interrupt_waits(check: Callable[[], None]) -> Iterator[None]:
    """Within, call `check` between two tries to get the lock; what it raises ends the wait."""
    _interruptions.append(check)
    try:
        yield
    finally:
        _interruptions.remove(check)


def temporary_folder() -> str | None:
    """Return the folder in which SQLite puts its temporary files, or None where it has none."""
    named = [os.environ.get(name) for name in ("SQLITE_TMPDIR", "TMPDIR")]
    for folder in filter(None, [*named, *TEMPORARY_FOLDERS]):
        if Path(folder).is_dir() and os.access(folder, os.W_OK | os.X_OK):
            return folder
    return None


def _wait_for_lock(function, *arguments):
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return function(*arguments)
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() >= deadline:
                raise
        for check in _interruptions:
            check()
        time.sleep(0.01)


def _is_busy(error):
    code = getattr(error, "sqlite_errorcode", 0)
    # The lowest byte is the kind. A snapshot that is out of date stays so, however long one waits.
    return code & 0xFF == sqlite3.SQLITE_BUSY and code != sqlite3.SQLITE_BUSY_SNAPSHOT


_classes: dict[type, type] = {sqlite3.Cursor: _PatientCursor}


def _patient(factory):
    """Return the cursor class `factory`, such as Django's, made patient."""
    if factory not in _classes:
        _classes[factory] = type(factory.__name__, (factory, _PatientCursor), {})
    return _classes[factory]
