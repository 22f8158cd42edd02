import signal
import sqlite3
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from shared_project.shop.models import AuditLog

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def old_logs(transactional_db, long_ago):
    def create(count):
        AuditLog.objects.bulk_create(AuditLog(created_at=long_ago) for _ in range(count))

    return create


def logs_left(manage):
    if connection.vendor == "sqlite":
        return manage.rows("SELECT COUNT(*) FROM shop_auditlog")[0][0]
    return AuditLog.objects.count()


def total(output):
    return int(output.split("Audit logs: ")[1].split()[0])


@pytest.mark.posix
@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, 143), pytest.param(signal.SIGINT, 130, marks=pytest.mark.full)],
)
def test_a_signal_ends_it_between_two_batches_with_the_summary(manage, old_logs, number, code):
    old_logs(4000)  # their lines fill the pipe, so the command cannot end before it is read
    process = manage.start("cleanup_old_data", "--batch-size", 1, "-v", 2)
    first = process.stderr.readline()
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == code
    assert first.startswith("audit logs ")
    assert "Stopped before the end. Run the command again to go on.\n" in stderr
    assert "Sessions" not in stdout
    assert 0 < total(stdout) == 4000 - logs_left(manage) < 4000


@pytest.mark.full
@pytest.mark.posix
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="the lock is SQLite's")
@pytest.mark.parametrize(
    ("target", "number", "code"),
    [
        ("audit logs", signal.SIGTERM, 143),
        ("audit logs", signal.SIGINT, 130),
        ("sessions", signal.SIGTERM, 143),
        ("temp files", signal.SIGTERM, 143),
    ],
)
def test_a_signal_ends_the_wait_for_the_lock_with_the_summary(manage, shop, target, number, code):
    manage.copy_database()
    other = sqlite3.connect(manage.database)
    other.execute("BEGIN IMMEDIATE")
    try:
        model = target.replace(" ", "_")
        done = manage.terminal("cleanup_old_data", "--model", model, keys=[(target, number)])
    finally:
        other.close()
    assert done.returncode == code
    assert f"{target.capitalize()}: 0 deleted\r\n" in done.stdout
    assert "Stopped before the end. Run the command again to go on." in done.stdout
    assert "locked" not in done.stdout


def test_a_log_has_a_line_now_and_then(old_logs, monkeypatch):
    monkeypatch.setattr("shared_project.toolkit.progress.LOG_INTERVAL", 0)
    old_logs(50)
    stderr = StringIO()
    call_command("cleanup_old_data", batch_size=25, stdout=StringIO(), stderr=stderr)
    assert stderr.getvalue() == "audit logs: 25 of 50\naudit logs: 50 of 50\n"
    call_command("cleanup_old_data", verbosity=0, stdout=StringIO(), stderr=stderr)
    assert stderr.getvalue().count("\n") == 2


class Terminal(StringIO):
    def isatty(self):
        return True


def test_a_terminal_shows_a_bar(old_logs):
    old_logs(50)
    stderr = Terminal()
    call_command("cleanup_old_data", batch_size=300_000, stdout=StringIO(), stderr=stderr)
    assert "audit logs: 100%" in stderr.getvalue()
    assert "50/50" in stderr.getvalue()
    assert "\x1b[31" not in stderr.getvalue()


@pytest.mark.full
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="on PostgreSQL only one may run")
def test_two_at_once_take_turns(manage, old_logs):
    old_logs(500)
    processes = [manage.start("cleanup_old_data", "--batch-size", size) for size in (10, 7)]
    outputs = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    assert sum(total(stdout) for stdout, _ in outputs) == 500
    assert [stderr for _, stderr in outputs] == ["", ""]
