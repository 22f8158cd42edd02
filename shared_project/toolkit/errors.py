"""Turn what an operator can cause into one line that names the thing and the next step.

Explained in chapter 1; tested in shared_project/tests/test_toolkit_errors.py.
"""

import errno
import sys
import traceback
from pathlib import Path

from django.core.management.base import OutputWrapper
from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.migrations.exceptions import MigrationSchemaMissing
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import DatabaseErrorWrapper

from .sqlite import temporary_folder

AGAIN = "Run the command again."
LATER = "Run the command again when it has ended."
SPACE = "Free some space, then run the command again."
SERVER = "Check that the server is running and that DATABASE_URL is right."
RIGHTS = "Grant the right to the database's user, or name another user in DATABASE_URL."
TOO_MANY = "Every connection that it allows is in use. Wait until one ends, or raise the limit."
ENDED = (
    "The server ended the session; what was not committed is undone. See why, then run it again."
)
READ_ONLY = (
    "It takes no writes: it is a replica, or default_transaction_read_only is on. "
    "Name a database that does in DATABASE_URL."
)
TIME_LIMIT = "The server limits how long this may take. Raise the limit for the database's user."

# https://www.postgresql.org/docs/current/errcodes-appendix.html
STEPS_BY_CODE = {
    "22P05": "Create the database with the encoding UTF8.",
    "25006": READ_ONLY,
    "25P03": TIME_LIMIT,  # idle_in_transaction_session_timeout
    "25P04": TIME_LIMIT,  # transaction_timeout
    "28000": RIGHTS,
    "28P01": "Check the user and the password in DATABASE_URL.",
    "3D000": "Check the database's name in DATABASE_URL, or create it.",
    "40001": f"Another session wrote the same rows. {AGAIN}",
    "40P01": f"Another session wrote the same rows. {AGAIN}",
    "42501": RIGHTS,
    "53100": SPACE,
    "53200": "The server is short of memory. Wait until it is less busy, then run it again.",
    "53300": TOO_MANY,
    "55P03": f"Another session holds a lock. {LATER}",
    "57014": TIME_LIMIT,  # statement_timeout, and somebody who canceled it
    "57P01": ENDED,
    "57P02": ENDED,
    "57P03": "The server is starting or stopping. Wait a moment, then run it again.",
    "57P04": "Check the database's name in DATABASE_URL, or create it.",
    "57P05": TIME_LIMIT,  # idle_session_timeout
    "P0001": "A trigger of the database refuses it.",
    "58030": "Check the server's disk.",
}
# What comes without a code: SQLite's errors, and PostgreSQL's before there is a session. The
# first match counts.
STEPS_BY_WORDS = [
    ("unable to open database file", "Check that the folder exists and that you may write in it."),
    ("readonly database", "Check the permissions of the file and of its folder."),
    ("read-only", READ_ONLY),
    ("is not a database", "Check DATABASE_URL: the file is not an SQLite database."),
    ("malformed", "The file is damaged: restore it from a backup."),
    ("disk is full", "Free some space in {folder}, or in {temporary}, where SQLite sorts."),
    ("disk i/o error", "Check {folder}, and {temporary}, where SQLite sorts."),
    ("no space left", SPACE),
    ("locked", "Another program holds it. Wait for it to end, then run the command again."),
    ("lock timeout", f"Another session holds a lock. {LATER}"),
    ("deadlock", f"Another session wrote the same rows. {AGAIN}"),
    ("too many clients", TOO_MANY),
    ("too many connections", TOO_MANY),
    ("remaining connection slots", TOO_MANY),
    ("password authentication failed", "Check the user and the password in DATABASE_URL."),
    ("pg_hba.conf", "Check DATABASE_URL: the server refuses this user, host or database."),
    ("permission denied", RIGHTS),
    ("not permitted to log in", RIGHTS),
    ("does not exist", "Check this name in DATABASE_URL, or create what it names."),
    ("is starting up", "Wait a moment, then run the command again."),
    ("is shutting down", "Wait a moment, then run the command again."),
    ("terminating connection", ENDED),
    ("server closed the connection", ENDED),
    ("connection is closed", ENDED),
    ("connection already closed", ENDED),
    ("connection", SERVER),
]
# What the operating system refuses because of files, disks, rights and limits, which are the
# operator's. Any other error of it is more likely a bug.
OPERATORS = {
    getattr(errno, name, None)
    for name in (
        "EACCES", "EBUSY", "EDQUOT", "EFBIG", "EIO", "EISDIR", "ELOOP", "EMFILE", "ENAMETOOLONG",
        "ENFILE", "ENODEV", "ENOENT", "ENOMEM", "ENOSPC", "ENOTDIR", "ENXIO", "EPERM", "EROFS",
        "ESTALE", "ETXTBSY",
    )
} - {None}  # fmt: skip


def database_errors() -> tuple[type[Exception], ...]:
    """Return what a database raises: Django's class, and those of the drivers in use.

    The drivers' own come as they are where code works with the driver's objects, as with COPY.
    """
    drivers = [sys.modules[name] for name in ("sqlite3", "psycopg") if name in sys.modules]
    return (Error, *(driver.Error for driver in drivers))


def explain_database_error(error: Exception) -> str | None:
    """Return one line that names the cause of `error` and the next step.

    `error` is one of `database_errors`. Returns None where the operator could not have caused
    it: then it is a bug, and its traceback is what helps.
    """
    if isinstance(error, MigrationSchemaMissing) and isinstance(error.__context__, Error):
        # `migrate` has wrapped what the database said, as it could not make its first table.
        error = error.__context__
    connection = failed_connection(error)
    words = str(error)
    step = STEPS_BY_CODE.get(_code(error))
    if step is None and _is_about_a_table(error):
        return _explain_pending_migrations(connection)
    if step is None and not _is_operational(error):
        return None
    if step is None:
        step = next((step for text, step in STEPS_BY_WORDS if text in words.lower()), "")
    place = str(connection.settings_dict["NAME"])
    if connection.alias != DEFAULT_DB_ALIAS:
        place = f"{connection.alias} ({place})"
    folder = Path(connection.settings_dict["NAME"] or ".").parent
    step = step.format(folder=folder, temporary=temporary_folder() or "memory")
    return _in_one_line(f"Database {place}: {_cause(words)}. {step}".rstrip())


def failed_connection(error: BaseException) -> BaseDatabaseWrapper:
    """Return the connection that `error` came from; the default one where nothing tells."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        # Django's wrappers know the connection, and one of them is on every way out.
        wrapper = frame.f_locals.get("self")
        if isinstance(wrapper, DatabaseErrorWrapper):
            return wrapper.wrapper
        if isinstance(wrapper, CursorWrapper):
            return wrapper.db
    return connections[DEFAULT_DB_ALIAS]


def explain_os_error(error: OSError) -> str | None:
    """Return one line for an error of the operating system; name what it is about if we can.

    Returns None for an error that files, disks, rights and limits do not raise: then it is a
    bug, and its traceback is what helps.
    """
    stream = _failing_stream(error)
    if error.errno not in OPERATORS and not stream:
        return None
    reason = error.strerror or str(error) or type(error).__name__
    if "No usable temporary directory" in reason:
        return f"{reason}. Set TMPDIR to a folder that may be written."
    name = error.filename if error.filename is not None else stream
    if name is not None and not isinstance(name, int):
        name = name.decode(errors="replace") if isinstance(name, bytes) else name
        return _in_one_line(f"{name}: {reason}.")
    return f"{reason}."


def _failing_stream(error):
    """Return the name of the standard stream that `error` came from, or None."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is _written_stream(error):
            return name
        try:
            stream.flush()
        except OSError as again:
            if again.errno == error.errno:
                return name
    return None


def _written_stream(error):
    """Return the stream that a command was writing to.

    With PYTHONUNBUFFERED=1, nothing of it is left that could be flushed again.
    """
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    for value in frames[-1].f_locals.values() if frames else ():
        if isinstance(value, OutputWrapper):
            return value._out
    return None


def _code(error):
    """Return PostgreSQL's code for `error`, or None."""
    return getattr(error.__cause__, "sqlstate", None) or getattr(error, "sqlstate", None)


def _is_about_a_table(error):
    return type(error).__name__ in {"ProgrammingError", "UndefinedTable", "UndefinedColumn"} or (
        "no such" in str(error)
    )


def _is_operational(error):
    # The drivers' classes are called as Django's. SQLite has none for a file that is none of its.
    names = {base.__name__ for base in type(error).mro()}
    return bool(names & {"OperationalError", "InterfaceError"}) or any(
        words in str(error) for words in ("is not a database", "is malformed")
    )


def _explain_pending_migrations(connection):
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error:
        return None
    finally:
        connection.close()
    if not plan:
        return None
    option = "" if connection.alias == DEFAULT_DB_ALIAS else f" --database {connection.alias}"
    return (
        f"The database is behind the code (migration {plan[0][0]} is not applied). "
        f"Run: python manage.py migrate{option}"
    )


def _cause(words):
    """Return the line of a driver's message that says what happened."""
    lines = words.strip().splitlines() or [""]
    # psycopg tries each of a server's addresses, and lists what they said.
    return (lines[-1] if lines[0].endswith(":") else lines[0]).strip(" -").rstrip(".")


def _in_one_line(text):
    # A path may hold a line break, and what a terminal obeys.
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "backslashreplace").decode()
        for char in text
    )
