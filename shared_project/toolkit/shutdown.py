"""End a command at the right moment.

Explained in chapter 6; tested in chapters/06/tests/test_stopping.py.
"""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import TypeVar

from django.core.management.base import BaseCommand

from .sqlite import interrupt_waits

SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]

T = TypeVar("T")

_done = ""


class GracefulShutdown:
    """Hold back Ctrl-C, SIGTERM and SIGHUP, so that the batch in hand is finished first.

        with GracefulShutdown() as stop:
            try:
                for count in stop.between(batches(stop)):
                    done += count
            finally:
                self.stdout.write(summary)
        stop.exit_if_requested()

    Each batch is one transaction, and calls `hold` as its last statement before the commit. Until
    then a second signal interrupts the batch, which is rolled back. From then on it waits, until
    the loop comes back for the next batch: what is committed is also counted.

    A batch that waits for SQLite's lock has done nothing yet, and ends at the first signal.
    Outside the main thread, where Python allows no signal handlers, nothing is held back.
    """

    def __init__(self):
        self._number = None
        self._held = False
        self._exits = ExitStack()

    @property
    def requested(self) -> bool:
        return self._number is not None

    def __enter__(self):
        self._exits.enter_context(interrupt_waits(self.exit_if_requested))
        self._exits.callback(restore_handlers, replace_handlers(self._receive))
        return self

    def __exit__(self, *error):
        self._exits.close()

    def between(self, batches: Iterable[T]) -> Iterator[T]:
        """Yield one of `batches` after the other, and none after a signal."""
        try:
            for batch in batches:
                yield batch
                self.release()
                if self.requested:
                    return
        finally:
            self.release()

    def hold(self) -> None:
        """Let a second signal wait, until the batch that is committed now has been counted."""
        self._held = True

    def release(self) -> None:
        """End the hold: the batch has been counted, or rolled back."""
        self._held = False

    def exit_if_requested(self) -> None:
        """End the program as the signal would have done.

        Do nothing where there was none, or while a batch is held.
        """
        if self.requested and not self._held:
            end_by_signal(self._number)

    def _receive(self, number, frame):
        if self.requested:
            self.exit_if_requested()
        else:
            self._number = number


class CommitGuard:
    """Let a signal wait for the commit, so that nobody takes work for undone that was done.

        with CommitGuard(self) as guard, transaction.atomic():
            ...  # a signal rolls the work back, as ever
            guard.commit_follows("Changed 120 prices.")  # one from here on waits

    The signal counts when the block has ended. From then on `work_done` returns the sentence:
    what stops the process then, or keeps it from printing, does not undo the work, and the exit
    code has to say so. See `run` in process.py.

    Where code has called `command`, nothing is held back: its work may be a part of the caller's.
    """

    def __init__(self, command: BaseCommand):
        # Django sets it in `run_from_argv`, and documents no other way to tell.
        self._active = command._called_from_command_line
        self._sentence = ""
        self._replaced = {}
        self._number = None

    def __enter__(self):
        return self

    def commit_follows(self, sentence: str) -> None:
        """Call it last before the commit, with a sentence that says what was done."""
        if self._active:
            self._sentence = sentence
            self._replaced = replace_handlers(self._hold)

    def __exit__(self, kind, error, traceback):
        global _done
        if error is None:
            _done = self._sentence
        restore_handlers(self._replaced)
        if error is None and self._number is not None:
            end_by_signal(self._number)

    def _hold(self, number, frame):
        self._number = number


def work_done() -> str:
    """Return what this process has committed for good, in a sentence; "" where nothing."""
    return _done


def replace_handlers(handler: Callable) -> dict:
    """Let `handler` take the signals that end a process; return the handlers before it.

    Outside the main thread, where Python allows no signal handlers, there are none.
    """
    replaced = {}
    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            # nohup and a shell's `&` ignore some of them on purpose. None is a handler that was
            # not set from Python and could not be put back.
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                replaced[number] = signal.signal(number, handler)
    return replaced


def restore_handlers(replaced: dict) -> None:
    """Put back what `replace_handlers` has returned."""
    for number, handler in replaced.items():
        signal.signal(number, handler)


def end_by_signal(number: int) -> None:
    """End the program as the signal `number` does, with the exit code 128 + `number`."""
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)
