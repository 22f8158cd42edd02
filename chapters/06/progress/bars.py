"""A progress bar that appears on a terminal and nowhere else."""

import os
from contextlib import suppress

from django.core.management.base import OutputWrapper
from tqdm import tqdm


def is_hidden(stream: OutputWrapper, verbosity: int) -> bool:
    """Return whether progress must not be drawn: `stream` is no terminal, or `verbosity` is 0."""
    return verbosity == 0 or not stream.isatty()


class Frames:
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

    `options` go to tqdm: `total`, `unit`, `desc` and the others.
    """
    hidden = is_hidden(stream, verbosity)
    return tqdm(file=Frames(stream), disable=hidden, ncols=width_of(stream), **options)
