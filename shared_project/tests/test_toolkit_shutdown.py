import signal
import threading

import pytest
from django.core.management.base import BaseCommand

from shared_project.toolkit import shutdown
from shared_project.toolkit.shutdown import (
    SIGNALS,
    CommitGuard,
    end_by_signal,
    replace_handlers,
    restore_handlers,
    work_done,
)

SENTENCE = "Changed 120 prices."


@pytest.fixture
def command(monkeypatch):
    """A command as `manage.py` runs it; what it commits is forgotten after the test."""
    monkeypatch.setattr(shutdown, "_done", "")
    command = BaseCommand()
    command._called_from_command_line = True
    return command


def work(command, *, before=lambda: None, after=lambda: None):
    """Do work that `command` commits; `before` and `after` happen around `commit_follows`."""
    with CommitGuard(command) as guard:
        before()
        guard.commit_follows(SENTENCE)
        after()


def send(number=signal.SIGINT):
    signal.raise_signal(number)


def fail():
    send()
    raise ZeroDivisionError


def test_a_signal_before_the_commit_counts_at_once(command):
    with pytest.raises(KeyboardInterrupt):
        work(command, before=send)
    assert work_done() == ""


def test_a_signal_waits_for_the_commit(command):
    committed = []
    with pytest.raises(KeyboardInterrupt):
        work(command, after=lambda: committed.append(send()))
    assert committed == [None]
    assert work_done() == SENTENCE


@pytest.mark.posix
def test_sigterm_that_waited_ends_it_with_its_own_exit_code(command):
    handler = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        with pytest.raises(SystemExit) as stop:
            work(command, after=lambda: send(signal.SIGTERM))
    finally:
        signal.signal(signal.SIGTERM, handler)
    assert stop.value.code == 143


def test_after_the_commit_the_handlers_are_the_old_ones(command):
    before = [signal.getsignal(number) for number in SIGNALS]
    meanwhile = []
    work(command, after=lambda: meanwhile.append(signal.getsignal(signal.SIGINT)))
    assert meanwhile[0] not in before
    assert [signal.getsignal(number) for number in SIGNALS] == before
    assert work_done() == SENTENCE


def test_a_commit_that_fails_has_done_nothing(command):
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ZeroDivisionError):
        work(command, after=fail)
    assert work_done() == ""
    assert signal.getsignal(signal.SIGINT) is before


def test_what_code_calls_is_not_guarded(command):
    command._called_from_command_line = False
    with pytest.raises(KeyboardInterrupt):
        work(command, after=send)
    work(command)
    assert work_done() == ""


@pytest.mark.usefixtures("threads")
def test_another_thread_than_the_main_one_takes_no_signals(command):
    replaced = []
    thread = threading.Thread(target=lambda: replaced.append(replace_handlers(print)))
    thread.start()
    thread.join()
    assert replaced == [{}]


@pytest.mark.posix
@pytest.mark.parametrize("handler", [signal.SIG_IGN, None])
def test_a_handler_that_is_not_to_be_replaced_stays(monkeypatch, handler):
    monkeypatch.setattr(signal, "getsignal", lambda _: handler)
    assert replace_handlers(print) == {}


def test_the_handlers_are_put_back():
    before = signal.getsignal(signal.SIGINT)
    replaced = replace_handlers(print)
    assert signal.getsignal(signal.SIGINT) is print
    restore_handlers(replaced)
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_and_other_signals_end_as_python_ends_them():
    with pytest.raises(KeyboardInterrupt):
        end_by_signal(signal.SIGINT)
    with pytest.raises(SystemExit, match="143"):
        end_by_signal(15)
