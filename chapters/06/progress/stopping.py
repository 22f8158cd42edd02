"""Stop a long job between two batches."""

import signal
import threading

SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


class StopSignals:
    """Hold back Ctrl-C, SIGTERM and SIGHUP, so that the batch in hand is finished first.

        with StopSignals() as stop:
            try:
                for batch in batches:
                    ...  # one transaction
                    if stop.requested:
                        break
            finally:
                self.stdout.write(summary)
        stop.end()

    A second signal does not wait: it interrupts the batch, whose transaction is rolled back.
    Outside the main thread, where Python allows no signal handlers, nothing is held back.
    """

    def __init__(self):
        self._number = None
        self._previous = {}

    @property
    def requested(self) -> bool:
        return self._number is not None

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                # nohup and a shell's `&` ignore some of them on purpose. None is a handler that
                # was not set from Python and could not be put back.
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._previous[number] = signal.signal(number, self._hold)
        return self

    def __exit__(self, *error):
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def end(self) -> None:
        """End the program as the signal would have done; do nothing where there was none."""
        if self._number == signal.SIGINT:
            raise KeyboardInterrupt
        if self._number is not None:
            raise SystemExit(128 + self._number)

    def _hold(self, number, frame):
        if self.requested:
            self.end()
        self._number = number
