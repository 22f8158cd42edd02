"""Read what comes through stdin: all of it, up to a size, before anything is done with it.

Explained in chapter 4; tested in chapters/04/tests/test_stdin.py.
"""

import contextlib
import os
import stat
import sys
import tempfile
from pathlib import Path
from typing import BinaryIO

from django.core.management.base import CommandError

from .files import MEGABYTE, open_input
from .output import temporary_folder_error

STDIN = "-"
BLOCK = 64 * 1024  # bytes


def open_file_or_stdin(path: str, max_bytes: int) -> BinaryIO:
    """Open `path` as `open_input` does; `-` stands for stdin, as `read_stdin` reads it."""
    if path == STDIN:
        return read_stdin(max_bytes)
    try:
        return open_input(path, max_bytes)
    except CommandError as error:
        if _is_stream(path):
            hint = f"To read from a pipe, send it to stdin and write {STDIN} instead of a name."
            raise CommandError(f"{error} {hint}") from None
        raise


def read_stdin(max_bytes: int) -> BinaryIO:
    """Return all that comes through stdin, at most `max_bytes`, as a temporary file to read.

    A pipe tells no size, and its writer may take its time: it is copied to its end first, before
    anybody begins a transaction. Up to a megabyte is held in memory.

    Raises CommandError, in one line that names stdin or the folder for temporary files.
    """
    if sys.stdin is None:
        raise CommandError("stdin: closed. Send the data through a pipe, or name a file.")
    # Code that calls a command may have put a StringIO there.
    stream = getattr(sys.stdin, "buffer", sys.stdin)
    # Whoever has started this process may have left a pipe that does not wait: where it is
    # empty for a moment, that would count as the end.
    with contextlib.suppress(AttributeError, OSError, ValueError):
        os.set_blocking(stream.fileno(), True)
    # Unlike `read`, it stops at the first Ctrl-D on a terminal.
    read = getattr(stream, "read1", stream.read)
    copy = tempfile.SpooledTemporaryFile(MEGABYTE)  # noqa: SIM115 (the caller closes it)
    try:
        _fill(copy, read, max_bytes)
    except BaseException:
        # What is still buffered may not fit on the disk, and nobody will read it.
        with contextlib.suppress(OSError):
            copy.close()
        raise
    return copy


def _fill(copy, read, max_bytes):
    while block := _read(read):
        with _named_folder():
            copy.write(block if isinstance(block, bytes) else block.encode())
        if copy.tell() > max_bytes:
            raise CommandError(f"stdin: larger than {max_bytes / MEGABYTE:g} MB.")
    with _named_folder():
        copy.seek(0)


def _is_stream(path):
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _read(read):
    try:
        return read(BLOCK)
    except (OSError, ValueError) as error:  # ValueError: code has closed it
        reason = getattr(error, "strerror", None) or str(error)
        raise CommandError(f"stdin: {reason.rstrip('.')}.") from None


@contextlib.contextmanager
def _named_folder():
    try:
        yield
    except OSError as error:
        raise CommandError(temporary_folder_error(error)) from None
