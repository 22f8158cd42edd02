import threading
from unittest.mock import Mock

import pytest

from styling import deadline
from styling.deadline import run_with_timeout


def test_returns_what_the_function_returned():
    # Long enough for a browser's clock, which counts tenths of a millisecond.
    value, error, seconds = run_with_timeout(5, sum, range(100_000))
    assert (value, error) == (4_999_950_000, None)
    assert 0 < seconds < 5


def test_returns_what_the_function_raised():
    value, error, _ = run_with_timeout(5, int, "three")
    assert value is None
    assert isinstance(error, ValueError)


@pytest.fixture
def never(threads):
    event = threading.Event()
    yield event.wait
    event.set()


def test_gives_up_after_the_deadline(never):
    value, error, seconds = run_with_timeout(0.05, never)
    assert value is None
    assert isinstance(error, TimeoutError)
    assert str(error) == "no answer within 0.05 s"
    assert seconds >= 0.05


def test_needs_no_semaphores(threads, monkeypatch):
    none = Mock(side_effect=OSError("Read-only file system"))
    monkeypatch.setattr("multiprocessing.synchronize.SemLock.__init__", none)
    assert run_with_timeout(30, int, "3").value == 3


@pytest.fixture(params=[RuntimeError("can't start new thread"), MemoryError()])
def no_thread(request, monkeypatch):
    monkeypatch.setattr(threading.Thread, "start", Mock(side_effect=request.param))


def test_where_no_thread_can_be_started_that_is_the_error(no_thread):
    value, error, _ = run_with_timeout(5, int, "3")
    assert value is None
    assert isinstance(error, OSError)
    assert str(error).startswith("no thread can be started: ")


@pytest.mark.usefixtures("threads")
def test_no_thread_is_begun_without_room_for_it(monkeypatch):
    monkeypatch.setattr(deadline, "ROOM", 10**18)
    assert isinstance(run_with_timeout(5, int, "3").error, OSError)
