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
    [(signal.SIGTERM, 143, None), (signal.SIGINT, 130, "Stopped by Ctrl-C.")],
)
def test_a_signal_in_the_middle_leaves_nothing(manage, stored, file, number, code, last_line):
    row = b'{"name": "Teapot", "price": 1, "category": "Kitchen"},\n'
    process = manage.start("import_products", file(b"[null,\n" + row * 200_000 + b"null]"))
    assert process.stderr.readline() == "row 1: must be an object, not null.\n"
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=20)
    assert (process.returncode, stdout) == (code, "")
    assert stderr.splitlines() == ([last_line] if last_line else [])
    assert stored() == []


def test_a_pipe_is_imported_through_stdin(manage, stored):
    done = manage("import_products", "-", input=(DATA / "products.json").read_text())
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Imported 5 products: 5 created, 0 updated, 0 unchanged.\n"
    assert len(stored()) == 5


@pytest.mark.posix
def test_stdin_may_be_a_file(manage, stored):
    with (DATA / "products.json").open() as stdin:
        process = manage.start("import_products", "-", stdin=stdin)
        assert process.communicate(timeout=60)[1] == ""
    assert len(stored()) == 5


@pytest.mark.posix
def test_a_terminal_is_read_until_ctrl_d(manage, stored):
    import pty

    ours, theirs = pty.openpty()
    process = manage.start("import_products", "-", stdin=theirs)
    os.close(theirs)
    os.write(ours, b'[{"name": "Kite", "price": 1, "category": "Toys"}]\n\x04')
    assert process.communicate(timeout=60)[1] == ""
    os.close(ours)
    assert process.returncode == 0
    assert stored() == ["Kite"]


@pytest.mark.posix
def test_a_closed_stdin_is_told_in_one_line(manage):
    process = manage.start("import_products", "-", preexec_fn=lambda: os.close(0))
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (1, "")
    assert stderr == (
        "CommandError: stdin: closed. Send the data through a pipe, or name a file.\n"
    )


@pytest.mark.posix
@pytest.mark.skipif(not Path("/dev/stdin").exists(), reason="this system has no /dev/stdin")
def test_who_names_the_device_of_a_pipe_learns_of_the_hyphen(manage):
    done = manage("import_products", "/dev/stdin", input="[]")
    assert done.returncode == 1
    assert "/dev/stdin: not a regular file. To read from a pipe, " in done.stderr


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
    [(signal.SIGTERM, 143, ""), (signal.SIGINT, 130, "Stopped by Ctrl-C.\n")],
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
    waiting.communicate('{"name": "Kite", "price": 1, "category": "Toys"}]', timeout=60)
    assert stored() == ["Kite"]


@pytest.mark.posix
@pytest.mark.parametrize(
    ("number", "name"), [(signal.SIGTERM, "SIGTERM"), (signal.SIGINT, "Ctrl-C")]
)
def test_an_import_that_is_stopped_after_its_commit_says_so(manage, stored, number, name):
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
        process.send_signal(number)
        stderr = process.communicate(timeout=60)[1]
    assert process.returncode == 0
    assert stderr == (
        f"Stopped by {name}, but the work was done before: Imported 5 products: 5 created, "
        "0 updated, 0 unchanged.\n"
    )


@pytest.mark.posix
def test_a_full_disk_below_stdout_does_not_undo_the_import(manage, stored):
    with Path("/dev/full").open("w") as stdout:
        done = manage("import_products", DATA / "products.json", stdout=stdout)
    assert done.returncode == 0
    assert "but the work was done before: Imported 5 products" in done.stderr
    assert len(stored()) == 5


def limit_files(size):
    """Return a function that lets no file of the process grow beyond `size` bytes."""
    import resource

    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.posix
def test_a_folder_for_temporary_files_without_room_for_stdin_is_named(manage, stored):
    process = manage.start("import_products", "-", preexec_fn=limit_files(1024 * 1024))
    stdout, stderr = process.communicate("[" + " " * 2_000_000 + "]", timeout=60)
    assert (process.returncode, stdout) == (1, "")
    assert stderr.startswith("CommandError: Folder for temporary files, /")
    assert stderr.count("\n") == 1
