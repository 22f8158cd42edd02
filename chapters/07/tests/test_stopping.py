"""What stops the process, before the commit and after it."""

import os
import signal
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

import pytest
from django.db import connection

from shared_project.shop.models import Product

pytestmark = [pytest.mark.posix, pytest.mark.django_db(transaction=True)]

BEFORE = {"Novel": "10.99", "Atlas": "1.15", "Pen": "0.01", "Robot": "100.00"}
AFTER = {"Novel": "12.09", "Atlas": "1.27", "Pen": "0.01", "Robot": "110.00"}
RAISE = ("bulk_update", "--percentage", "10")
DONE = "but the work was done before: Changed 3 of 4 prices by +10 %.\n"

AFTER_THE_UPDATE = """
import os

from django.db.models import QuerySet

update = QuerySet.update


def update_and_stop(self, **values):
    count = update(self, **values)
    os.kill(os.getpid(), {number})
    return count


QuerySet.update = update_and_stop
"""

AT_THE_COMMIT = """
import os

from django.db.backends.base.base import BaseDatabaseWrapper

commit = BaseDatabaseWrapper.commit


def stop_and_commit(self):
    os.kill(os.getpid(), {number})
    commit(self)


BaseDatabaseWrapper.commit = stop_and_commit
"""

WHILE_IT_WAITS = """
import os
import time

time.sleep = lambda seconds: os.kill(os.getpid(), {number})
"""


@pytest.fixture
def stopped(manage, products):
    """Return a function that runs the command, which sends itself a signal where `code` says."""

    def stopped(code, number):
        # Python runs a module of this name when it starts.
        module = manage.folder / "sitecustomize.py"
        module.write_text(code.format(number=int(number)), encoding="utf-8")
        done = manage(*RAISE, "-v", "2", env={"PYTHONPATH": str(manage.folder)})
        return done.returncode, done.stdout, done.stderr

    return stopped


def test_a_signal_after_the_update_changes_nothing(stopped, stored):
    assert stopped(AFTER_THE_UPDATE, signal.SIGTERM) == (143, "", "")
    assert stored() == BEFORE


@pytest.mark.parametrize(
    ("number", "name"),
    [pytest.param(signal.SIGINT, "Ctrl-C", marks=pytest.mark.full), (signal.SIGTERM, "SIGTERM")],
)
def test_a_signal_at_the_commit_waits_for_it(stopped, stored, number, name):
    assert stopped(AT_THE_COMMIT, number) == (0, "", f"Stopped by {name}, {DONE}")
    assert stored() == AFTER


@pytest.mark.full
def test_ctrl_c_ends_the_wait_for_sqlites_lock(manage, stopped, stored):
    if connection.vendor != "sqlite":
        pytest.skip("one writer for the whole database is SQLite's")
    manage.copy_database()
    writer = sqlite3.connect(manage.database, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        assert stopped(WHILE_IT_WAITS, signal.SIGINT) == (130, "", "Stopped by Ctrl-C.\n")
    finally:
        writer.close()
    assert stored() == BEFORE


@pytest.fixture
def wait_for_prices(stored):
    """Return a function that waits until the processes have left these prices."""

    def wait_for_prices(prices):
        deadline = time.monotonic() + 60
        while set(stored().values()) != prices:
            assert time.monotonic() < deadline, f"the prices are still {stored()}"
            time.sleep(0.01)

    return wait_for_prices


@pytest.mark.full
def test_a_signal_in_the_middle_of_the_list_tells_what_is_done(manage, db, wait_for_prices):
    # More than a pipe holds, and nobody reads.
    Product.objects.bulk_create(
        Product(name=f"{i:0200}", price=1, category="Toys") for i in range(1000)
    )
    process = manage.start(*RAISE, "-v", "2")
    wait_for_prices({"1.10"})
    assert process.end_by(signal.SIGHUP) == 0
    assert process.stderr.read() == (
        "Stopped by SIGHUP, but the work was done before: Changed 1000 of 1000 prices by +10 %.\n"
    )


@pytest.mark.full
def test_a_signal_while_nobody_reads_the_summary_tells_what_is_done(
    manage, products, wait_for_prices
):
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, b"x")
    os.set_blocking(writer, True)
    process = manage.start(*RAISE, stdout=writer)
    os.close(writer)
    try:
        wait_for_prices(set(AFTER.values()))
        assert process.end_by(signal.SIGTERM) == 0
    finally:
        os.close(reader)
    assert process.stderr.read() == f"Stopped by SIGTERM, {DONE}"


@pytest.mark.full
@pytest.mark.filesystem
def test_a_full_disk_behind_stdout_does_not_undo_what_is_done(manage, products, stored):
    with Path("/dev/full").open("w") as full:
        done = manage(*RAISE, stdout=full)
    assert done.returncode == 0
    assert done.stderr == f"Cannot write the output (No space left on device), {DONE}"
    assert stored() == AFTER
