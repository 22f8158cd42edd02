"""Fixtures that every chapter's tests share.

`call` runs a command inside the test (fast, for behavior). `manage` runs `python manage.py` as
a process of its own (for exit codes, signals, pipes and terminals).
"""

import contextlib
import io
import os
import re
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from urllib.parse import quote

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from shared_project.course.steps import find_step

ROOT = Path(__file__).resolve().parent
IN_A_BROWSER = sys.platform == "emscripten"
LEFT_OUT = pytest.StashKey[int]()


def pytest_addoption(parser):
    parser.addoption(
        "--no-skips", action="store_true", help="A skipped test fails the run (used by CI)."
    )
    parser.addoption(
        "--full", action="store_true", help="Run the tests marked full, too: they take long."
    )
    parser.addoption(
        "--update-transcripts",
        action="store_true",
        help="Rewrite the console blocks of the pages with what their commands print now.",
    )


def pytest_configure(config):
    # A shell that starts a job in the background has it ignore Ctrl-C, and every process that
    # a test starts would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    leave_out_full(config, items)
    url = os.environ.get("DATABASE_URL", "")
    absent = {
        "postgres": not url.startswith(("postgres:", "postgresql:"))
        and "needs PostgreSQL: set DATABASE_URL=postgres://user@host:port/name",
        "posix": os.name != "posix" and "needs POSIX signals, pipes or terminals",
        "filesystem": IN_A_BROWSER and "a browser's files know no pipes, devices or umask",
        "threads": IN_A_BROWSER and "a browser runs Python in one thread",
        "manage": IN_A_BROWSER and "a browser cannot start another process",
    }
    for item in items:
        # What the test is marked with, and which fixtures it or one of its fixtures asks for.
        needs = {mark.name for mark in item.iter_markers()} | {*getattr(item, "fixturenames", ())}
        for name, reason in absent.items():
            if reason and name in needs:
                item.add_marker(pytest.mark.skip(reason=reason))


def leave_out_full(config, items):
    """Deselect the tests marked `full`, unless the command line names them."""
    if config.getoption("full") or re.search(r"\bfull\b", config.option.markexpr):
        return
    full = [item for item in items if item.get_closest_marker("full")]
    config.stash[LEFT_OUT] = len(full)
    if full:
        config.hook.pytest_deselected(items=full)
        items[:] = [item for item in items if not item.get_closest_marker("full")]


def pytest_terminal_summary(terminalreporter, config):
    """Say what has not run, and how to run it."""
    skips = Counter(report.longrepr[2] for report in terminalreporter.stats.get("skipped", ()))
    for reason, count in skips.most_common():
        terminalreporter.write_line(f"Skipped {count}: {reason.removeprefix('Skipped: ')}")
    if count := config.stash.get(LEFT_OUT, 0):
        terminalreporter.write_line(f"Left out {count}: marked full; `pytest --full` runs them")


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """With pytest-xdist, the processes that run the tests are those that leave some out."""
    stash = node.config.stash
    stash[LEFT_OUT] = getattr(node, "workeroutput", {}).get("left_out", stash.get(LEFT_OUT, 0))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = session.config.stash.get(LEFT_OUT, 0)
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and session.config.getoption("no_skips") and reporter.stats.get("skipped"):
        reporter.write_line("Tests were skipped, and --no-skips forbids it.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


class Call:
    """Call a command as code does, and keep what it wrote in `stdout` and `stderr`."""

    def __call__(self, name, *args, **options):
        stdout, stderr = io.StringIO(), io.StringIO()
        try:
            call_command(name, *args, stdout=stdout, stderr=stderr, **options)
        finally:
            self.stdout, self.stderr = stdout.getvalue(), stderr.getvalue()
        return self.stdout


@pytest.fixture
def call():
    return Call()


class Process(subprocess.Popen):
    def end_by(self, number):
        """Send the signal `number` until the process has ended; return its exit code.

        Python looks for signals between two instructions. One that arrives right before a call
        that blocks is noticed when the call returns, which may be never.
        """
        while self.poll() is None:
            self.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.wait(2)
        return self.returncode


class Manage:
    """Run `python manage.py` as a process, on a database and a data folder of its own.

    On SQLite the process gets a copy of the test's database as it is at that moment; read the
    copy afterwards with `rows`. On PostgreSQL it works on the test's database itself, so the
    test needs `django_db(transaction=True)`.
    """

    def __init__(self, folder):
        self.folder = folder
        self.database = folder / "db.sqlite3"
        self.env = {
            **os.environ,
            "DJANGO_DATA_DIR": str(folder),
            "COLUMNS": "80",
        }
        for name in ("NO_COLOR", "DJANGO_COLORS", "FORCE_COLOR", "PYTHONUNBUFFERED"):
            self.env.pop(name, None)
        self.env["TERM"] = "xterm"
        if connection.vendor == "sqlite":
            self.env["DATABASE_URL"] = f"sqlite:///{quote(str(self.database))}"
        else:
            server = connection.settings_dict
            user = ":".join(filter(None, [server["USER"], server["PASSWORD"]]))
            place = ":".join(filter(None, [server["HOST"], str(server["PORT"])]))
            self.env["DATABASE_URL"] = f"postgres://{user}@{place}/{server['NAME']}"
        self.running = []

    def __call__(self, *args, input="", env=(), timeout=60, **streams):
        """Run to the end; return a CompletedProcess with text `stdout` and `stderr`.

        `input` is typed at stdin; `env` adds variables; `stdout=` and `stderr=` take open files.
        """
        process = self.start(*args, env=env, **streams)
        stdout, stderr = process.communicate(input, timeout=timeout)
        return subprocess.CompletedProcess(args, process.returncode, stdout, stderr)

    def start(self, *args, env=(), **streams):
        """Start and return the Process, for a test that sends signals or closes pipes."""
        if not self.database.exists():
            self.copy_database()
        streams = {
            "stdin": subprocess.PIPE,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "encoding": "utf-8",
            "cwd": self.folder,
            **streams,
        }
        process = Process(
            [sys.executable, str(ROOT / "manage.py"), *map(str, args)],
            env={**self.env, **dict(env)},
            **streams,
        )
        self.running.append(process)
        return process

    def copy_database(self):
        """Give the processes the test's database as it is now."""
        if connection.vendor == "sqlite":
            connection.ensure_connection()
            self.database.write_bytes(connection.connection.serialize())
            # As `migrate` leaves it: two processes that switch to WAL at once get into a conflict.
            self.rows("PRAGMA journal_mode=WAL")

    def rows(self, sql, *parameters):
        """Return what `sql` selects from the copied SQLite database."""
        copy = sqlite3.connect(self.database)
        try:
            with copy:
                return copy.execute(sql, parameters).fetchall()
        finally:
            copy.close()

    def terminal(self, *args, keys=(), env=(), timeout=60, **options):
        """Run on a terminal of 80 columns; return a CompletedProcess whose `stdout` is the screen.

        `keys` are pairs (text to wait for, what is then typed): ("Continue?", "yes\\n"); a
        number in the place of what is typed is a signal to send.
        """
        import pty
        import termios

        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (24, 80))
        options |= dict.fromkeys(("stdin", "stdout", "stderr"), theirs)
        process = self.start(*args, env=env, start_new_session=True, encoding=None, **options)
        os.close(theirs)
        screen, waiting, seen = b"", list(keys), 0
        deadline = time.monotonic() + timeout
        while select.select([ours], [], [], max(0, deadline - time.monotonic()))[0]:
            try:
                chunk = os.read(ours, 65536)
            except OSError:  # Linux reports the closed terminal as an error
                break
            if not chunk:
                break
            screen += chunk
            while waiting and (found := screen.find(waiting[0][0].encode(), seen)) >= 0:
                text, answer = waiting.pop(0)
                seen = found + len(text.encode())
                if isinstance(answer, int):
                    wait_until_blocked(process)
                    process.send_signal(answer)
                else:
                    os.write(ours, answer.encode())
        os.close(ours)
        process.wait(timeout=max(1, deadline - time.monotonic()))
        assert not waiting, f"never printed {waiting[0][0]!r}; the screen: {screen.decode()}"
        return subprocess.CompletedProcess(args, process.returncode, screen.decode(), "")

    def stop(self):
        for process in self.running:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    process.kill()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream:
                    stream.close()
            process.wait()


def wait_until_blocked(process):
    """Wait until `process` waits for something itself: input, a lock, a pipe.

    Python looks for signals between two instructions. One that arrives right before a call that
    blocks is noticed when the call returns, which may be never.
    """
    status = Path(f"/proc/{process.pid}/stat")
    if not status.exists():
        time.sleep(0.5)
        return
    while status.read_text().rpartition(")")[2].split()[0] == "R":
        time.sleep(0.01)


def waits_for_locks():
    """Return since when each session of the test's database waits for a lock (PostgreSQL).

    A session that waits for a row waits for the end of a transaction, which is in no database.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT waitstart FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_locks"
            " WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
        )
        return [since for (since,) in cursor.fetchall()]


@pytest.fixture
def wait_until_waiting():
    """Return a function that waits until `count` sessions of PostgreSQL wait for a lock.

    It fails after a minute, or when `is_alive` says that nobody is left to wait.
    """

    def wait(count=1, is_alive=lambda: True):
        deadline = time.monotonic() + 60
        while len(waits_for_locks()) != count:
            assert is_alive(), "ended without waiting"
            assert time.monotonic() < deadline, f"{count} sessions never waited"
            time.sleep(0.01)

    return wait


@pytest.fixture
def wait_until_waiting_again():
    """Return a function that waits until a session has waited for a lock twice (PostgreSQL)."""

    def wait():
        seen = set()
        deadline = time.monotonic() + 60
        while len(seen) < 2:
            assert time.monotonic() < deadline, "no session tried twice"
            # For a moment, PostgreSQL does not say since when.
            seen |= {*waits_for_locks()} - {None}
            time.sleep(0.01)

    return wait


@pytest.fixture
def manage(db, tmp_path):
    if connection.vendor == "postgresql" and connection.in_atomic_block:
        pytest.skip("a process cannot see rows that are not committed: this test is for SQLite")
    manage = Manage(tmp_path)
    yield manage
    manage.stop()


@pytest.fixture
def threads():
    """For tests, and fixtures, that need a second thread: without one, the tests are skipped."""


@pytest.fixture(scope="session")
def _media_root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("uploads") / "media"
    with override_settings(MEDIA_ROOT=folder):
        yield folder


@pytest.fixture(autouse=True)
def _no_uploads(_media_root):
    """Each test begins without uploads, and none touches the learner's own."""
    yield
    if _media_root.exists():
        shutil.rmtree(_media_root)


@pytest.fixture
def step(request):
    """Return a function that loads a step of the test's chapter by its number."""
    chapter = request.path.relative_to(ROOT / "chapters").parts[0]
    return lambda number: find_step(f"{chapter}/{number}").load()
