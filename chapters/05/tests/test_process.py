import contextlib
import os
import select
import signal
import time
from pathlib import Path

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db(transaction=True)

DATA = Path(__file__).parent.parent / "data"


def test_a_broken_file_ends_with_exit_code_1_and_its_errors_on_stderr(manage, stored):
    done = manage("import_products", DATA / "broken.json", "-v", "0")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[0].startswith("row 2, price: must be a number")
    assert done.stderr.splitlines()[-1].endswith("7 errors in 8 rows. Nothing was imported.")
    assert stored() == []


@pytest.mark.full
@pytest.mark.posix
def test_a_reader_that_is_gone_does_not_undo_the_import(manage, stored):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stdout:
        done = manage("import_products", DATA / "products.json", stdout=stdout)
    assert (done.returncode, done.stderr) == (141, "")
    assert len(stored()) == 5


@pytest.mark.posix
@pytest.mark.parametrize(
    ("number", "code", "last_line"),
    [
        (signal.SIGTERM, 143, None),
        pytest.param(signal.SIGINT, 130, "Stopped by Ctrl-C.", marks=pytest.mark.full),
    ],
)
def test_a_signal_in_the_middle_leaves_nothing(manage, stored, file, number, code, last_line):
    row = b'{"name": "Teapot", "price": 1, "category": "Kitchen"},\n'
    process = manage.start("import_products", file(b"[null,\n" + row * 200_000 + b"null]"))
    assert process.stderr.readline() == "row 1: must be an object, not null.\n"
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (code, "")
    assert stderr.splitlines() == ([last_line] if last_line else [])
    assert stored() == []


@pytest.fixture
def waiting(manage):
    """Return a process that has read a megabyte from stdin, and waits for more."""
    process = manage.start("import_products", "-")
    process.stdin.write("[" + " " * 1_000_000)
    process.stdin.flush()
    # Now its buffer holds less than a pipe does: it has begun to read.
    return process


@pytest.mark.posix
@pytest.mark.parametrize(
    ("number", "code", "said"),
    [
        pytest.param(signal.SIGTERM, 143, "", marks=pytest.mark.full),
        (signal.SIGINT, 130, "Stopped by Ctrl-C.\n"),
    ],
)
def test_a_signal_ends_the_wait_for_stdin(waiting, number, code, said):
    waiting.send_signal(number)
    # A signal that arrives right before the process waits counts when there is more to read.
    while waiting.poll() is None and select.select([], [waiting.stdin], [], 1)[1]:
        try:
            os.write(waiting.stdin.fileno(), b" ")
        except BrokenPipeError:
            break
    assert waiting.stderr.read() == said
    assert waiting.wait(timeout=60) == code


@pytest.mark.full
@pytest.mark.posix
def test_no_transaction_is_open_while_stdin_is_awaited(manage, waiting, stored):
    if connection.vendor == "sqlite":
        manage.rows("BEGIN IMMEDIATE")
    else:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
            )
            assert cursor.fetchone() == (0,)
    row = '{"name": "Kite", "price": 1, "category": "Toys"}]'
    stdout, stderr = waiting.communicate(row, timeout=60)
    assert stdout == "Imported 1 product: 1 created, 0 updated, 0 unchanged.\n"
    assert (waiting.returncode, stderr, stored()) == (0, "", ["Kite"])


@pytest.mark.full
@pytest.mark.posix
def test_an_import_that_is_stopped_after_its_commit_says_so(manage, stored):
    reader, writer = os.pipe()
    # Where the pipe is full, the process waits when it prints, right after the commit.
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"x")
    os.set_blocking(writer, True)
    with os.fdopen(writer, "w") as stdout, os.fdopen(reader):
        process = manage.start("import_products", DATA / "products.json", stdout=stdout)
        deadline = time.monotonic() + 60
        while len(stored()) < 5:
            assert time.monotonic() < deadline
        process.send_signal(signal.SIGTERM)
        stderr = process.communicate(timeout=60)[1]
    assert process.returncode == 0
    assert stderr == (
        "Stopped by SIGTERM, but the work was done before: Imported 5 products: 5 created, "
        "0 updated, 0 unchanged.\n"
    )
