import signal
import sqlite3
import threading

import pytest

from shared_project.toolkit import sqlite
from shared_project.toolkit.sqlite import PatientConnection, interrupt_waits, temporary_folder


class PlainCursor(sqlite3.Cursor):
    """As Django's, it changes what it is given, and leaves the rest to its parent class."""

    def execute(self, query, *parameters):
        return super().execute(query.replace("%s", "?"), *parameters)


@pytest.fixture
def connect(tmp_path):
    connections = []

    def connect(factory=PatientConnection, **options):
        options = {"isolation_level": None, "timeout": 0.01, "check_same_thread": False, **options}
        connection = sqlite3.connect(tmp_path / "shop.sqlite3", factory=factory, **options)
        connections.append(connection)
        return connection

    yield connect
    for connection in connections:
        connection.close()


@pytest.fixture
def table(connect):
    """Return a patient connection to a database with a table, and another one that is plain."""
    connection, other = connect(), connect(sqlite3.Connection)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE t (x)")
    return connection, other


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(sqlite, "PATIENCE", 0.05)


def count(connection):
    return connection.execute("SELECT COUNT(*) FROM t").fetchone()[0]


@pytest.mark.parametrize("statement", ["BEGIN IMMEDIATE", "INSERT INTO t VALUES (1)"])
def test_waits_until_the_other_one_has_ended(table, statement):
    connection, other = table
    other.execute("BEGIN IMMEDIATE")
    with interrupt_waits(lambda: other.in_transaction and other.execute("COMMIT")):
        connection.execute(statement)


def test_a_cursor_class_of_djangos_waits_too(table):
    connection, other = table
    other.execute("BEGIN IMMEDIATE")
    with interrupt_waits(lambda: other.in_transaction and other.execute("COMMIT")):
        connection.cursor(PlainCursor).execute("INSERT INTO t VALUES (%s)", [1])
    assert count(connection) == 1


def test_gives_up_when_its_patience_ends(table, impatient):
    connection, other = table
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="database is locked"):
        connection.execute("BEGIN IMMEDIATE")


def test_another_error_is_not_tried_again(connect):
    calls = []
    with interrupt_waits(lambda: calls.append(1)), pytest.raises(sqlite3.OperationalError):
        connect().execute("SELECT * FROM absent")
    assert calls == []


def test_what_ends_the_wait_comes_out_of_it(table):
    connection, other = table
    other.execute("BEGIN IMMEDIATE")

    def stop():
        raise KeyboardInterrupt

    with interrupt_waits(stop), pytest.raises(KeyboardInterrupt):
        connection.execute("BEGIN IMMEDIATE")
    assert not connection.in_transaction
    other.execute("COMMIT")
    connection.execute("BEGIN IMMEDIATE")


@pytest.mark.usefixtures("threads")
@pytest.mark.posix
def test_a_signal_is_heard_while_it_waits(table):
    connection, other = table
    other.execute("BEGIN IMMEDIATE")
    main = threading.get_ident()
    heard = threading.Timer(0.2, lambda: signal.pthread_kill(main, signal.SIGINT))
    heard.start()
    with pytest.raises(KeyboardInterrupt):
        connection.execute("BEGIN IMMEDIATE")
    heard.join()


def test_within_a_transaction_it_fails_at_once(table):
    # It has read, so it can never write after the other one has.
    connection, other = table
    connection.execute("BEGIN")
    count(connection)
    other.execute("INSERT INTO t VALUES (1)")
    calls = []
    with interrupt_waits(lambda: calls.append(1)), pytest.raises(sqlite3.OperationalError):
        connection.execute("INSERT INTO t VALUES (2)")
    assert calls == []


def test_a_commit_waits_for_readers_where_there_is_no_log(connect):
    connection, other = connect(), connect(sqlite3.Connection)
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.execute("CREATE TABLE t (x)")
    other.execute("BEGIN")
    count(other)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO t VALUES (1)")
    with interrupt_waits(lambda: other.in_transaction and other.execute("COMMIT")):
        connection.commit()
    assert count(other) == 1


def test_many_statements_wait_for_one_lock(table):
    connection, other = table
    other.execute("BEGIN IMMEDIATE")
    with interrupt_waits(lambda: other.in_transaction and other.execute("COMMIT")):
        done = connection.executemany("INSERT INTO t VALUES (?)", [(1,), (2,)])
    assert (done.rowcount, count(other), connection.in_transaction) == (2, 2, False)


def test_many_statements_of_which_one_fails_leave_nothing(table):
    connection, _ = table
    connection.execute("CREATE UNIQUE INDEX once ON t (x)")
    with pytest.raises(sqlite3.IntegrityError):
        connection.executemany("INSERT INTO t VALUES (?)", [(1,), (1,)])
    assert count(connection) == 0


def test_many_statements_stay_in_the_transaction_they_are_in(table):
    connection, other = table
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO t VALUES (?)", [(1,), (2,)])
    assert (count(connection), count(other)) == (2, 0)


@pytest.fixture
def no_temporary_folder(monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)


def test_without_a_temporary_folder_sorting_is_done_in_memory(connect, no_temporary_folder):
    assert temporary_folder() is None
    assert connect().execute("PRAGMA temp_store").fetchone() == (2,)


def test_with_a_temporary_folder_large_sorts_go_there(connect, monkeypatch, tmp_path):
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path))
    assert temporary_folder() == str(tmp_path)
    assert connect().execute("PRAGMA temp_store").fetchone() == (0,)


def test_a_temporary_folder_that_is_not_there_is_passed_over(monkeypatch, tmp_path):
    monkeypatch.delenv("SQLITE_TMPDIR", raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "absent"))
    monkeypatch.setattr(sqlite, "TEMPORARY_FOLDERS", [str(tmp_path)])
    assert temporary_folder() == str(tmp_path)


def test_a_cursor_may_be_closed_after_its_connection(connect):
    connection = connect()
    cursor = connection.cursor(PlainCursor)
    connection.close()
    cursor.close()
