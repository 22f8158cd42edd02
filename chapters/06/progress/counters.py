"""A counter on one line of a terminal, or a line a minute in a log."""

from time import monotonic

from django.core.management.base import OutputWrapper

from progress.bars import Frames, LogLines, is_hidden

# Ten frames a second look smooth. More of them only slow the work down.
INTERVAL = 0.1


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
        self._frames = Frames(stream)
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
            self._due = monotonic() + INTERVAL
