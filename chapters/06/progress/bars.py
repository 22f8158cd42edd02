"""A progress bar that appears on a terminal and nowhere else."""

from django.core.management.base import OutputWrapper
from tqdm import tqdm


class _Unstyled:
    # tqdm draws with carriage returns: no line ending may be added, and no style.
    def __init__(self, stream):
        self._stream = stream

    def write(self, text):
        self._stream.write(text, str, ending="")

    def __getattr__(self, name):
        return getattr(self._stream, name)


def progress_bar(stream: OutputWrapper, verbosity: int, **options) -> tqdm:
    """Return a tqdm bar on `stream`, hidden where that is no terminal or `verbosity` is 0.

    `options` go to tqdm: `total`, `unit`, `desc` and the others.
    """
    hidden = verbosity == 0 or not stream.isatty()
    return tqdm(file=_Unstyled(stream), disable=hidden, **options)
