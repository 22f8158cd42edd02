import threading

import pytest

from styling.deadline import attempt


def test_returns_what_the_function_returned():
    # Long enough for a browser's clock, which counts tenths of a millisecond.
    value, error, seconds = attempt(5, sum, range(100_000))
    assert (value, error) == (4_999_950_000, None)
    assert 0 < seconds < 5


def test_returns_what_the_function_raised():
    value, error, _ = attempt(5, int, "three")
    assert value is None
    assert isinstance(error, ValueError)


@pytest.fixture
def never(threads):
    event = threading.Event()
    yield event.wait
    event.set()


def test_gives_up_after_the_deadline(never):
    value, error, seconds = attempt(0.05, never)
    assert value is None
    assert isinstance(error, TimeoutError)
    assert str(error) == "no answer within 0.05 s"
    assert seconds >= 0.05
