"""Show how far a job is: on a terminal, and once a minute in a log.

Explained in chapter 6; tested in chapters/06/tests/test_progress.py.
"""

import os
from contextlib import suppress
from math import inf
from time import monotonic

from django.core.management.base import OutputWrapper
from tqdm import tqdm

# A job that is silent for longer than this looks as if it hung.
LOG_INTERVAL = 60  # seconds
# Ten frames a second look smooth. More of them only slow the work down.
FRAME_INTERVAL = 0.1  # seconds


def is_hidden(stream: OutputWrapper, verbosity: int) -> bool:
    """Return whether progress must not be drawn: `stream` is no terminal, or `verbosity` is 0."""
    return verbosity == 0 or not stream.isatty()


class RawStream:
    """Draw on `stream` as it is: no line ending is added, and no style.

    A frame that cannot be drawn is dropped: a terminal that was closed must not decide how the
    work behind the bar ends.
    """

    def __init__(self, stream: OutputWrapper):
        self._stream = stream

    def write(self, text):
        with suppress(OSError):
            self._stream.write(text, str, ending="")

    def flush(self):
        with suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name):
        return getattr(self._stream, name)


class LogLines:
    """Say in a log how far a job is, once in LOG_INTERVAL: `Orders: 12000 of 30000`.

    With verbosity 0, say nothing.
    """

    def __init__(self, stream: OutputWrapper, verbosity: int, label: str, total: int | None):
        self._frames = RawStream(stream)
        self._label = label
        self._total = "" if total is None else f" of {total}"
        self._due = monotonic() + LOG_INTERVAL if verbosity > 0 else inf

    def update(self, done: int) -> None:
        """Write a line if one is due; `done` is all that has been done."""
        if monotonic() >= self._due:
            self._frames.write(f"{self._label}: {done}{self._total}\n")
            self._frames.flush()
            self._due = monotonic() + LOG_INTERVAL


class LineCounter:
    r"""Show how far a job is, always on the same line: `Orders: 40/100`.

        with LineCounter(self.stderr, verbosity, "Orders", total) as counter:
            for item in items:
                ...
                counter.update()

    It starts every frame with \r, which takes the cursor back to the start of the line. Draws the
    first frame, the last one, and at most ten a second between them. Where `stream` is no
    terminal, there is a line a minute instead; where `verbosity` is 0, there is nothing.
    """

    def __init__(self, stream: OutputWrapper, verbosity: int, label: str, total: int):
        self.done = 0
        self._frames = RawStream(stream)
        self._lines = LogLines(stream, verbosity, label, total)
        self._hidden = is_hidden(stream, verbosity)
        self._label = label
        self._total = total
        self._due = 0.0

    def __enter__(self):
        self._draw()
        return self

    def __exit__(self, *error):
        self._draw(ending="\n")

    def update(self, count: int = 1) -> None:
        """Add `count`, and draw a frame or write a line if one is due."""
        self.done += count
        if self._hidden:
            self._lines.update(self.done)
        elif monotonic() >= self._due:
            self._draw()

    def _draw(self, ending=""):
        if not self._hidden:
            self._frames.write(f"\r{self._label}: {self.done}/{self._total}{ending}")
            self._frames.flush()
            self._due = monotonic() + FRAME_INTERVAL


class LoggedBar(tqdm):
    """A bar that is not drawn: its place is taken by `lines`."""

    def __init__(self, lines: LogLines, **options):
        super().__init__(disable=True, **options)
        self._lines = lines

    def update(self, n=1):
        self.n += n
        self._lines.update(self.n)


def width_of(stream: OutputWrapper) -> int | None:
    """Return how many columns a line may have, or None where the terminal does not say.

    That is one less than it has: on Windows, a line that fills the last one goes on below.
    """
    with suppress(AttributeError, OSError, ValueError):
        columns = os.get_terminal_size(stream.fileno()).columns
        return columns - 1 if columns > 1 else None
    return None


def progress_bar(stream: OutputWrapper, verbosity: int, **options) -> tqdm:
    """Return a tqdm bar on `stream`, hidden where that is no terminal or `verbosity` is 0.

    `options` go to tqdm: `total`, `unit`, `desc` and the others. Where there is no terminal, each
    `update` writes a line if a minute has passed; its label is `desc`, or several of `unit`.
    """
    if is_hidden(stream, verbosity):
        label = options.get("desc") or f"{options.get('unit', 'it')}s".capitalize()
        return LoggedBar(LogLines(stream, verbosity, label, options.get("total")), **options)
    return tqdm(file=RawStream(stream), ncols=width_of(stream), **options)
