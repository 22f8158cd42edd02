import os
import signal
import sqlite3
import threading

import pytest

from shared_project.toolkit.shutdown import GracefulShutdown
from shared_project.toolkit.sqlite import PatientConnection

pytestmark = pytest.mark.posix

EXITS = [
    ("SIGINT", KeyboardInterrupt, None),
    ("SIGTERM", SystemExit, 143),
    ("SIGHUP", SystemExit, 129),
]


@pytest.mark.parametrize(("name", "error", "code"), EXITS)
def test_a_signal_waits_until_the_job_looks(name, error, code):
    with GracefulShutdown() as stop:
        assert not stop.requested
        signal.raise_signal(getattr(signal, name))
        assert stop.requested
    with pytest.raises(error) as caught:
        stop.exit_if_requested()
    assert getattr(caught.value, "code", None) == code


@pytest.mark.parametrize(("name", "error", "code"), EXITS)
def test_a_second_signal_interrupts_at_once(name, error, code):
    with GracefulShutdown():
        signal.raise_signal(getattr(signal, name))
        with pytest.raises(error):
            signal.raise_signal(getattr(signal, name))


@pytest.mark.parametrize(("name", "error", "code"), EXITS)
def test_a_second_signal_waits_from_the_commit_until_the_batch_is_counted(name, error, code):
    counted = []

    def batches():
        signal.raise_signal(getattr(signal, name))
        stop.hold()
        signal.raise_signal(getattr(signal, name))
        yield 1
        pytest.fail("a batch began after the signal")

    with GracefulShutdown() as stop:
        for count in stop.between(batches()):
            signal.raise_signal(getattr(signal, name))
            counted.append(count)
        with pytest.raises(error):
            signal.raise_signal(getattr(signal, name))
    assert counted == [1]
    with pytest.raises(error):
        stop.exit_if_requested()


def test_without_a_signal_every_batch_has_its_turn():
    with GracefulShutdown() as stop:
        assert list(stop.between(iter("abc"))) == ["a", "b", "c"]


def test_a_second_signal_interrupts_the_batch_after_one_that_was_held():
    def batches():
        stop.hold()
        yield
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(SystemExit):
            signal.raise_signal(signal.SIGTERM)

    with GracefulShutdown() as stop:
        assert list(stop.between(batches())) == [None]


def test_a_commit_that_fails_ends_the_hold():
    def batches():
        stop.hold()
        yield from ()
        raise ZeroDivisionError

    with GracefulShutdown() as stop:
        with pytest.raises(ZeroDivisionError):
            list(stop.between(batches()))
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(SystemExit):
            signal.raise_signal(signal.SIGTERM)


def test_a_loop_that_is_left_ends_the_hold():
    def batches():
        stop.hold()
        yield

    with GracefulShutdown() as stop:
        for _ in stop.between(batches()):
            break
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(SystemExit):
            signal.raise_signal(signal.SIGTERM)


@pytest.fixture
def locked(tmp_path):
    """Return a connection to a database that another one has locked."""
    holder = sqlite3.connect(tmp_path / "db.sqlite3", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    waiting = sqlite3.connect(
        tmp_path / "db.sqlite3", isolation_level=None, timeout=0.01, factory=PatientConnection
    )
    yield waiting
    holder.close()
    waiting.close()


@pytest.mark.parametrize(("name", "error", "code"), EXITS)
def test_the_first_signal_ends_the_wait_for_the_lock_of_sqlite(locked, name, error, code):
    with GracefulShutdown():
        signal.raise_signal(getattr(signal, name))
        with pytest.raises(error):
            locked.cursor().execute("BEGIN IMMEDIATE")


def test_a_commit_that_waits_for_readers_is_waited_for(locked, monkeypatch):
    """What a signal would leave open there, Django commits after all, and nobody counts it."""
    monkeypatch.setattr("shared_project.toolkit.sqlite.PATIENCE", 0.05)
    with GracefulShutdown() as stop:
        signal.raise_signal(signal.SIGTERM)
        stop.hold()
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            locked.cursor().execute("BEGIN IMMEDIATE")


def test_afterwards_no_wait_is_ended(locked, monkeypatch):
    monkeypatch.setattr("shared_project.toolkit.sqlite.PATIENCE", 0.05)
    with GracefulShutdown():
        signal.raise_signal(signal.SIGTERM)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        locked.cursor().execute("BEGIN IMMEDIATE")


def test_without_a_signal_the_end_does_nothing():
    with GracefulShutdown() as stop:
        pass
    stop.exit_if_requested()
    assert not stop.requested


def test_the_handlers_come_back_also_after_an_error():
    def handler(number, frame):
        raise AssertionError

    def work():
        with GracefulShutdown():
            assert signal.getsignal(signal.SIGTERM) != handler
            raise ZeroDivisionError

    before = signal.signal(signal.SIGTERM, handler)
    try:
        with pytest.raises(ZeroDivisionError):
            work()
        assert signal.getsignal(signal.SIGTERM) is handler
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_signal_that_nohup_ignores_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with GracefulShutdown() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
            assert not stop.requested
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_handler_that_was_not_set_from_python_stays(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(signal, "getsignal", lambda _: None)
        patch.setattr(signal, "signal", lambda *_: pytest.fail("was replaced"))
        with GracefulShutdown():
            pass


def test_outside_the_main_thread_nothing_is_held_back(threads):
    seen = []

    def job():
        with GracefulShutdown() as stop:
            seen.append((signal.getsignal(signal.SIGTERM), stop.requested))
        stop.exit_if_requested()

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=job)
    thread.start()
    thread.join()
    assert seen == [(before, False)]
