"""Write what must not decide how the work ends."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from typing import IO

from django.core.management.base import CommandError

MEGABYTE = 1024 * 1024


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
