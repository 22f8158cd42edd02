import signal

import pytest
from django.db import OperationalError

from shared_project.toolkit import locks
from shared_project.toolkit.locks import wait_for_locks
from shared_project.toolkit.shutdown import GracefulShutdown


class LockTimeoutError(Exception):
    sqlstate = "55P03"


class DiskFullError(Exception):
    sqlstate = "53100"


class Batch:
    """Fail with `error`, as the driver does, as often as it is told; count the calls."""

    def __init__(self, failures, error=LockTimeoutError, before=lambda: None):
        self.failures, self.error, self.before = failures, error, before
        self.calls = 0

    def __call__(self):
        self.calls += 1
        self.before()
        if self.calls <= self.failures:
            raise OperationalError("canceling statement") from self.error()
        return "done"


@pytest.fixture(autouse=True)
def _three_tries(monkeypatch):
    monkeypatch.setattr(locks, "BATCH_TRIES", 3)


def test_a_batch_that_a_lock_holds_up_is_tried_again():
    batch = Batch(failures=2)
    assert wait_for_locks(batch, GracefulShutdown()) == "done"
    assert batch.calls == 3


def test_the_last_try_fails_with_the_error_of_the_database():
    batch = Batch(failures=9)
    with pytest.raises(OperationalError, match="canceling statement"):
        wait_for_locks(batch, GracefulShutdown())
    assert batch.calls == 3


@pytest.mark.parametrize("error", [DiskFullError, ZeroDivisionError])
def test_another_error_is_not_tried_again(error):
    batch = Batch(failures=9, error=error)
    with pytest.raises(OperationalError):
        wait_for_locks(batch, GracefulShutdown())
    assert batch.calls == 1


@pytest.mark.posix
def test_the_first_signal_ends_the_wait():
    batch = Batch(failures=9, before=lambda: signal.raise_signal(signal.SIGTERM))
    with GracefulShutdown() as stop, pytest.raises(SystemExit, match="^143$"):
        wait_for_locks(batch, stop)
    assert batch.calls == 1


@pytest.mark.posix
def test_a_signal_during_a_commit_that_failed_ends_the_wait():
    def commit():
        stop.hold()
        signal.raise_signal(signal.SIGTERM)

    with GracefulShutdown() as stop, pytest.raises(SystemExit, match="^143$"):
        wait_for_locks(Batch(failures=9, before=commit), stop)


@pytest.mark.posix
def test_a_signal_during_a_batch_that_goes_through_does_not_undo_it():
    batch = Batch(failures=0, before=lambda: signal.raise_signal(signal.SIGTERM))
    with GracefulShutdown() as stop:
        assert wait_for_locks(batch, stop) == "done"
