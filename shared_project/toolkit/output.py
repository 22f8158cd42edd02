"""Write to a command's streams.

Explained in chapter 4; tested in shared_project/tests/test_toolkit_output.py.
"""

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import IO

from django.core.management.base import CommandError, OutputWrapper

MEGABYTE = 1024 * 1024


def style_for(stream: OutputWrapper, style: Callable[[str], str]) -> Callable[[str], str]:
    """Return `style` where `stream` is a terminal, and `str`, which changes nothing, where not.

    `self.style` follows stdout alone. So a command whose stdout is a terminal would write
    escape sequences into the file that its stderr goes to; and without a style of its own,
    everything on a terminal's stderr is red:

        self.stderr.write(text, style_for(self.stderr, self.style.WARNING))
    """
    return style if stream.isatty() else str


def write_utf8(stream: OutputWrapper, pieces: Iterable[str]) -> None:
    """Write `pieces` to a command's stdout, in UTF-8 whatever the locale says.

    Raises CommandError where stdout is closed: Python drops then what is written to it.
    """
    file = getattr(stream, "buffer", None)
    if file and sys.__stdout__ is None and file is getattr(sys.stdout, "buffer", None):
        raise CommandError("stdout: closed. Name a file instead of -, or leave stdout open.")
    stream.flush()
    for piece in pieces:
        if file:
            file.write(piece.encode())
        else:  # a StringIO: code called the command and wants the text
            stream.write(piece, ending="")
    stream.flush()  # so that a full disk fails here, before anybody reports success


class Listing:
    """Lines that are written during a transaction and read after its commit.

    Up to a megabyte of them is in memory, the rest in the folder for temporary files. Call
    `finish` as the last thing before the commit: what does not fit on the disk fails there, while
    the work can still be rolled back.

        with Listing() as listing:
            with transaction.atomic():
                listing.write("Kite: 9.90 -> 10.89")
                listing.finish()
            for line in listing:
                self.stdout.write(line)

    Raises CommandError, naming the folder, where the lines cannot be written.
    """

    def __enter__(self):
        self._file = tempfile.SpooledTemporaryFile(MEGABYTE, "w+", encoding="utf-8", newline="\n")
        return self

    def __exit__(self, *error):
        # What is still buffered may not fit, and nobody will read it.
        with contextlib.suppress(OSError):
            self._file.close()

    def write(self, line: str) -> None:
        """Add `line`, which has no line break in it."""
        # Without _named, which would take longer than all the rest: there may be a million lines.
        try:
            self._file.write(line + "\n")
        except OSError as error:
            raise CommandError(temporary_folder_error(error)) from error

    def finish(self) -> None:
        """Put every line where it is safe."""
        with _named():
            self._file.flush()
            self._file.seek(0)

    def __iter__(self) -> Iterator[str]:
        for line in self._file:
            yield line.removesuffix("\n")


@contextlib.contextmanager
def _named():
    try:
        yield
    except OSError as error:
        raise CommandError(temporary_folder_error(error)) from error


def temporary_folder_error(error: OSError) -> str:
    """Return a line that names the folder for temporary files, which `error` is about."""
    try:
        folder = tempfile.gettempdir()
    except OSError as none:
        return f"{none.strerror}. Set TMPDIR to a folder that has room."
    return (
        f"Folder for temporary files, {folder}: {error.strerror or error}. "
        "Free some space, or set TMPDIR to a folder that has room."
    )


def discard_output(stream: IO) -> None:
    """Send what `stream` still holds, and what it will be given, to nowhere.

    For a stream that cannot be written, or whose reader may never read again: otherwise the
    interpreter would try once more when it ends.
    """
    with contextlib.suppress(OSError, ValueError):  # ValueError: it is closed, or no file at all
        devnull = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(devnull, stream.fileno())
        finally:
            os.close(devnull)
        stream.flush()
