import errno
import os
import sqlite3
import sys
from io import TextIOWrapper

import pytest
from django.core.management.base import OutputWrapper
from django.db import (
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    connection,
    connections,
)
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.db.migrations.exceptions import MigrationSchemaMissing

from shared_project.toolkit import errors
from shared_project.toolkit.errors import (
    database_errors,
    explain_database_error,
    explain_os_error,
    failed_connection,
)


@pytest.mark.parametrize(
    ("cause", "step"),
    [
        ("database is locked", "Wait for it to end"),
        ("unable to open database file", "Check that the folder exists"),
        ("attempt to write a readonly database", "Check the permissions"),
        ("database or disk is full", "Free some space"),
        ("disk I/O error", "where SQLite sorts"),
        ("canceling statement due to lock timeout", "Another session holds a lock"),
        ("deadlock detected\nDETAIL: Process 1 waits", "Run the command again"),
        ('connection failed: FATAL: database "x" does not exist', "create what it names"),
        ('connection failed: FATAL: role "x" is not permitted to log in', "Grant the right"),
        ("connection failed: Connection refused", "Check that the server is running"),
        ('connection failed: FATAL: too many connections for role "x"', "allows is in use"),
        ("connection failed: FATAL: sorry, too many clients already", "allows is in use"),
        ("FATAL: remaining connection slots are reserved", "allows is in use"),
        ('connection failed: FATAL: password authentication failed for user "x"', "password in"),
        ('connection failed: FATAL: permission denied for database "x"', "Grant the right"),
        ("connection failed: FATAL: no pg_hba.conf entry for host", "refuses this user"),
        ("connection failed: FATAL: the database system is starting up", "Wait a moment"),
        ("server closed the connection unexpectedly", "ended the session"),
        ("the connection is closed", "ended the session"),
        ("connection failed: session is read-only", "takes no writes"),
    ],
)
def test_an_operational_error_is_one_line_with_the_next_step(cause, step):
    line = explain_database_error(OperationalError(cause))
    assert line.startswith(f"Database {connection.settings_dict['NAME']}: ")
    assert cause.splitlines()[0] in line
    assert step in line
    assert "\n" not in line


def test_an_unknown_operational_error_is_still_one_line():
    line = explain_database_error(OperationalError("out of shared memory."))
    assert line == f"Database {connection.settings_dict['NAME']}: out of shared memory."


def test_an_error_without_words_is_still_one_line():
    line = explain_database_error(InterfaceError())
    assert line == f"Database {connection.settings_dict['NAME']}: ."


@pytest.mark.parametrize(
    "error",
    [
        DataError("value too long"),
        IntegrityError('null value in column "connection"'),
        OperationalError("too many SQL variables"),
    ],
)
def test_no_advice_is_given_that_the_error_does_not_support(error):
    line = explain_database_error(error)
    assert line is None or line.endswith(": too many SQL variables.")


@pytest.mark.parametrize("words", ["file is not a database", "database disk image is malformed"])
def test_a_damaged_file_is_one_line(words):
    assert words in explain_database_error(sqlite3.DatabaseError(words))


def test_the_reason_of_the_last_address_is_what_counts():
    words = (
        "Multiple connection attempts failed. All failures were:\n- host: 'a': refused\n- b: no"
    )
    assert "b: no. Check that the server" in explain_database_error(OperationalError(words))


def test_each_code_has_a_step_that_is_a_sentence():
    for step in errors.STEPS_BY_CODE.values():
        assert step.endswith(".")


@pytest.mark.parametrize("code", [*errors.STEPS_BY_CODE])
def test_a_code_counts_more_than_the_class_of_the_error(code):
    cause = ProgrammingError("Zugriff verweigert")
    cause.sqlstate = code
    error = ProgrammingError("Zugriff verweigert")
    error.__cause__ = cause
    for one in (error, cause):
        line = explain_database_error(one)
        assert line.endswith(f"Zugriff verweigert. {errors.STEPS_BY_CODE[code]}")


def test_migrate_without_the_right_to_create_a_table_names_the_right():
    refusal = ProgrammingError("permission denied for schema public")
    refusal.__cause__ = Exception()
    refusal.__cause__.sqlstate = "42501"
    error = MigrationSchemaMissing(f"Unable to create the django_migrations table ({refusal})")
    error.__context__ = refusal
    line = explain_database_error(error)
    assert line.endswith(f": permission denied for schema public. {errors.RIGHTS}")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "error", [ProgrammingError("syntax error"), OperationalError("no such table: t")]
)
def test_a_query_on_a_migrated_database_that_fails_is_a_bug(error):
    assert explain_database_error(error) is None


def test_where_migrations_cannot_be_read_it_is_a_bug(monkeypatch):
    def fail(connection):
        raise OperationalError("gone")

    monkeypatch.setattr(errors, "MigrationExecutor", fail)
    assert explain_database_error(OperationalError("no such table: shop_product")) is None


@pytest.fixture
def other(db, tmp_path):
    """A database under the alias `other` without a single table in it."""
    settings = {**connection.settings_dict, "NAME": tmp_path / "line\nbreak.sqlite3"}
    connections["other"] = DatabaseWrapper(settings, "other")
    yield connections["other"]
    connections["other"].close()
    del connections["other"]


def fails(function, *arguments):
    with pytest.raises(database_errors()) as caught:
        function(*arguments)
    return caught.value


def test_the_database_that_failed_is_named(other):
    error = fails(other.cursor().execute, "PRAGMA no_such_function()")
    assert failed_connection(error) is other
    line = explain_database_error(OperationalError("locked").with_traceback(error.__traceback__))
    assert line.startswith("Database other (")
    assert r"line\nbreak.sqlite3): locked." in line


def test_an_error_of_the_driver_itself_names_its_database(other):
    with other.cursor() as cursor:
        error = fails(cursor.execute, "SELECT 1 FROM absent")
        assert failed_connection(error) is other
        raw = fails(read_raw, cursor)
    assert type(raw) is sqlite3.OperationalError


def read_raw(cursor):
    cursor.connection.execute("SELECT 1 FROM absent")


def test_another_database_that_is_behind_the_code_has_its_own_next_step(other):
    error = fails(other.cursor().execute, "SELECT 1 FROM shop_product")
    assert explain_database_error(error).endswith("Run: python manage.py migrate --database other")


def test_an_error_from_nowhere_is_the_default_databases():
    assert failed_connection(OperationalError()) is connections["default"]


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            PermissionError(errno.EACCES, "Permission denied", "/etc/a"),
            "/etc/a: Permission denied.",
        ),
        (FileNotFoundError(errno.ENOENT, "No such file", b"\xff"), "\ufffd: No such file."),
        (OSError(errno.ENOENT, "No such file", "a\n\x1b"), r"a\n\x1b: No such file."),
        (OSError(errno.EIO, "Input/output error", 7), "Input/output error."),
        (OSError(errno.EROFS, "Read-only file system"), "Read-only file system."),
    ],
)
def test_an_error_of_the_system_names_what_it_is_about(error, line):
    assert explain_os_error(error) == line


@pytest.mark.parametrize(
    "error", [OSError(errno.EBADF, "Bad file descriptor"), OSError("cannot seek"), TimeoutError()]
)
def test_an_error_of_the_system_that_is_more_likely_a_bug_is_not_explained(error):
    assert explain_os_error(error) is None


def test_without_a_temporary_folder_the_next_step_is_told():
    reason = "No usable temporary directory found in ['/tmp']"
    line = explain_os_error(FileNotFoundError(errno.ENOENT, reason))
    assert line == f"{reason}. Set TMPDIR to a folder that may be written."


@pytest.mark.posix
@pytest.mark.filesystem
@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_stream_that_cannot_be_written_is_named(monkeypatch, name):
    with open("/dev/full", "w") as full:  # noqa: PTH123
        full.write("lost")
        monkeypatch.setattr(sys, name, full)
        assert explain_os_error(OSError(errno.ENOSPC, "No space")) == f"{name}: No space."
        assert explain_os_error(OSError(errno.EIO, "Input/output error")) == "Input/output error."
        descriptor = os.open(os.devnull, os.O_WRONLY)
        os.dup2(descriptor, full.fileno())
        os.close(descriptor)


@pytest.mark.posix
@pytest.mark.filesystem
@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_stream_without_a_buffer_that_cannot_be_written_is_named(monkeypatch, name):
    # As PYTHONUNBUFFERED=1 leaves it, which most containers set.
    with TextIOWrapper(open("/dev/full", "wb", 0), write_through=True) as full:  # noqa: PTH123
        monkeypatch.setattr(sys, name, full)
        with pytest.raises(OSError, match="No space left") as failure:
            OutputWrapper(full).write("lost")
        assert explain_os_error(failure.value) == f"{name}: No space left on device."
