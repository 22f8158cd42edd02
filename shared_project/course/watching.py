"""Wait until a learner has saved a file."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from watchdog.events import FileSystemEventHandler
from watchdog.observers.polling import PollingObserver

# A learner's folder is small, so looking at it costs nothing. The system would tell of changes,
# but not in a network folder, in one of Windows under WSL, or in one that a container shares.
SECONDS = 0.3
# Ctrl-C is heard in between on Windows, and what the observer has missed is seen.
SECONDS_AT_MOST = 1
# Editors write a file in pieces, or write another one and rename it.
SECONDS_TO_SETTLE = 0.1


class Watcher:
    """Watch a folder in a thread of its own, for the block."""

    def __init__(self, folder: Path):
        self._changed = threading.Event()
        self._observer = PollingObserver(timeout=SECONDS)
        handler = FileSystemEventHandler()
        handler.on_any_event = self._notice
        self._observer.schedule(handler, str(folder), recursive=True)

    def __enter__(self):
        self._observer.start()
        return self

    def __exit__(self, *error):
        self._observer.stop()
        self._observer.join()

    def wait(self, state: Callable[[], object], before: object) -> None:
        """Return when `state()` is no longer `before`, and the file is written to its end."""
        while state() == before:
            self._changed.wait(SECONDS_AT_MOST)
            self._changed.clear()
        time.sleep(SECONDS_TO_SETTLE)

    def _notice(self, event):
        self._changed.set()
