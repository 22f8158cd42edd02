"""Open a file that somebody named on the command line."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from django.core.management.base import CommandError

from greet.text import printable

MEGABYTE = 1024 * 1024


def open_input(path: str | Path, max_bytes: int) -> BinaryIO:
    """Open the regular file `path` of at most `max_bytes` to read bytes from it.

    Raises CommandError, in one line that names the path, where it is missing, unreadable, a
    folder, a pipe, a device or too large.
    """
    name = printable(str(path))
    try:
        # Without O_NONBLOCK, opening a FIFO waits for somebody to write to it, for ever.
        descriptor = os.open(
            path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        )
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}.") from None
    except ValueError:
        raise CommandError(f"{name}: no file can have this name.") from None
    file = os.fdopen(descriptor, "rb")
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and status.st_size <= max_bytes:
        return file
    file.close()
    if stat.S_ISREG(status.st_mode):
        raise CommandError(f"{name}: larger than {max_bytes / MEGABYTE:g} MB.")
    raise CommandError(f"{name}: not a regular file.")
