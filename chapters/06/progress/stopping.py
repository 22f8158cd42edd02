"""Stop a long job between two batches."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import TypeVar

from shared_project.toolkit.shutdown import end_by_signal, replace_handlers, restore_handlers
from shared_project.toolkit.sqlite import interrupt_waits

T = TypeVar("T")


class StopSignals:
    """Hold back Ctrl-C, SIGTERM and SIGHUP, so that the batch in hand is finished first.

        with StopSignals() as stop:
            try:
                for count in stop.between(batches(stop)):
                    done += count
            finally:
                self.stdout.write(summary)
        stop.end()

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
        self._exits.enter_context(interrupt_waits(self.end))
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

    def end(self) -> None:
        """End the program as the signal would have done.

        Do nothing where there was none, or while a batch is held.
        """
        if self.requested and not self._held:
            end_by_signal(self._number)

    def _receive(self, number, frame):
        if self.requested:
            self.end()
        else:
            self._number = number
