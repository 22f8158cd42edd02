import os
import signal
import threading

import pytest

from progress.stopping import StopSignals

pytestmark = pytest.mark.posix

EXITS = [
    ("SIGINT", KeyboardInterrupt, None),
    ("SIGTERM", SystemExit, 143),
    ("SIGHUP", SystemExit, 129),
]


@pytest.mark.parametrize(("name", "error", "code"), EXITS)
def test_a_signal_waits_until_the_job_looks(name, error, code):
    with StopSignals() as stop:
        assert not stop.requested
        signal.raise_signal(getattr(signal, name))
        assert stop.requested
    with pytest.raises(error) as caught:
        stop.end()
    assert getattr(caught.value, "code", None) == code


@pytest.mark.parametrize(("name", "error", "code"), EXITS)
def test_a_second_signal_interrupts_at_once(name, error, code):
    with StopSignals():
        signal.raise_signal(getattr(signal, name))
        with pytest.raises(error):
            signal.raise_signal(getattr(signal, name))


def test_without_a_signal_the_end_does_nothing():
    with StopSignals() as stop:
        pass
    stop.end()
    assert not stop.requested


def test_the_handlers_come_back_also_after_an_error():
    def handler(number, frame):
        raise AssertionError

    def work():
        with StopSignals():
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
        with StopSignals() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
            assert not stop.requested
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_handler_that_was_not_set_from_python_stays(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(signal, "getsignal", lambda _: None)
        patch.setattr(signal, "signal", lambda *_: pytest.fail("was replaced"))
        with StopSignals():
            pass


def test_outside_the_main_thread_nothing_is_held_back(threads):
    seen = []

    def job():
        with StopSignals() as stop:
            seen.append((signal.getsignal(signal.SIGTERM), stop.requested))
        stop.end()

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=job)
    thread.start()
    thread.join()
    assert seen == [(before, False)]
