import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cleanup import wal
from cleanup.wal import SECONDS, Checkpoints, pragma

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="the log is SQLite's"),
]

CHECKPOINT = ["wal_checkpoint(PASSIVE)"] * 2


@pytest.fixture
def file(tmp_path, monkeypatch):
    """Let the checkpoints work on a database in a file; return that file."""
    other = connection.copy()
    other.settings_dict["NAME"] = tmp_path / "log.sqlite3"
    monkeypatch.setattr(wal, "connection", other)
    with other.cursor() as cursor:
        cursor.execute("CREATE TABLE page (content BLOB)")
    pragma("wal_checkpoint(TRUNCATE)")
    yield other.settings_dict["NAME"]
    other.close()


def write(megabytes):
    with wal.connection.cursor() as cursor:
        cursor.execute("INSERT INTO page VALUES (zeroblob(%s))", [megabytes * 1_000_000])


def written(file):
    """Return how many megabytes have got from the log to the database."""
    return file.stat().st_size // 1_000_000


def test_without_it_a_large_commit_runs_a_checkpoint(file):
    write(5)
    assert written(file) == 5


def test_no_commit_runs_a_checkpoint(file):
    with Checkpoints():
        write(5)
        assert written(file) == 0


def test_a_checkpoint_runs_when_batches_have_taken_long_enough(file):
    with Checkpoints() as batches:
        write(1)
        batches.after(SECONDS * 0.75)
        assert written(file) == 0
        batches.after(SECONDS * 0.25)
        assert written(file) == 1
        write(1)
        batches.after(SECONDS * 0.75)
        assert written(file) == 1


def test_what_is_written_during_a_checkpoint_gets_one_too(file, monkeypatch):
    def pragma_and_write(text):
        answer = pragma(text)
        if waiting and "checkpoint(" in text:
            waiting.pop()
            write(1)
        return answer

    waiting = [1]
    monkeypatch.setattr(wal, "pragma", pragma_and_write)
    with Checkpoints() as batches:
        batches.after(SECONDS)
        assert written(file) == 1


def test_the_last_batches_get_a_checkpoint_at_the_end(file):
    with Checkpoints() as batches:
        write(1)
        batches.after(SECONDS / 2)
    assert written(file) == 1


def test_without_a_batch_no_checkpoint_runs(file):
    with Checkpoints():
        write(1)
    assert written(file) == 0


@pytest.mark.parametrize("error", [None, OSError])
def test_the_automatic_checkpoint_is_given_back(file, error):
    pragma("wal_autocheckpoint = 321")
    batches = Checkpoints()
    batches.__enter__()
    assert pragma("wal_autocheckpoint") == 0
    batches.__exit__(error, error and error("disk is full"), None)
    assert pragma("wal_autocheckpoint") == 321


def test_after_an_error_no_checkpoint_hides_it(file):
    batches = Checkpoints()
    batches.__enter__()
    write(1)
    batches.after(SECONDS / 2)
    batches.__exit__(OSError, OSError("disk is full"), None)
    assert written(file) == 0


def test_within_the_callers_transaction_nothing_is_done():
    with CaptureQueriesContext(connection) as queries, Checkpoints() as batches:
        batches.after(SECONDS)
    assert queries.captured_queries == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, ["DELETE", *CHECKPOINT, "DELETE", *CHECKPOINT]),
        (1000, ["DELETE", "DELETE", *CHECKPOINT]),
    ],
)
def test_the_command_runs_checkpoints_between_batches(call, shop, monkeypatch, seconds, expected):
    monkeypatch.setattr(wal, "SECONDS", seconds)
    with CaptureQueriesContext(connection) as queries:
        call("cleanup_old_data", model="audit_logs", batch_size=1)
    words = " ".join(query["sql"] for query in queries).split()
    assert [word for word in words if word in ("DELETE", *CHECKPOINT)] == expected


@pytest.mark.django_db(transaction=True)
def test_a_dry_run_runs_no_checkpoint(call, shop):
    with CaptureQueriesContext(connection) as queries:
        call("cleanup_old_data", "--dry-run")
    assert not [query for query in queries if "wal_checkpoint" in query["sql"]]
