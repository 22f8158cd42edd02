"""Open the files that somebody named on the command line: to read, and to write whole."""

import contextlib
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from django.core.management.base import CommandError, OutputWrapper

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
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and status.st_size <= max_bytes:
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISREG(status.st_mode):
        raise CommandError(f"{name}: larger than {max_bytes / MEGABYTE:g} MB.")
    raise CommandError(f"{name}: not a regular file.")


@contextlib.contextmanager
def write_whole(path: str | Path) -> Iterator[BinaryIO]:
    """Yield a binary file that takes the place of `path` when the block ends without an error.

    Until then `path` stays as it is, and after an error or a signal nothing else is left. A
    file that is replaced passes on its permissions; a symbolic link stays, and the file that
    it leads to is replaced.

    Raises CommandError, in one line that names the path, where it cannot be written. An
    OSError in the block counts as the file's own.
    """
    name = printable(str(path))
    try:
        target, mode = _find_target(path, name)
        # Beside the target, because a rename cannot cross from one disk to another.
        temporary = target.with_name(f".{secrets.token_hex(8)}.tmp")
        try:
            with _create(temporary, mode) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        finally:
            # In `finally`, because SIGTERM and Ctrl-C are no subclasses of Exception.
            with contextlib.suppress(OSError):
                temporary.unlink()
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}.") from None


def write_utf8(stream: OutputWrapper, pieces: Iterable[str]) -> None:
    """Write `pieces` to a command's stdout, in UTF-8 whatever the locale says."""
    stream.flush()
    file = getattr(stream, "buffer", None)
    for piece in pieces:
        if file:
            file.write(piece.encode())
        else:  # a StringIO: code called the command and wants the text
            stream.write(piece, ending="")
    stream.flush()  # so that a full disk fails here, before anybody reports success


def _find_target(path, name):
    """Return the file to replace and its permissions, which are None where it is new."""
    if not os.path.basename(path):  # noqa: PTH119 (Path drops the slash of "folder/")
        raise CommandError(f"{name}: not the name of a file.")
    try:
        target = Path(os.path.realpath(path))
        status = target.stat()
    except FileNotFoundError:
        if not target.parent.is_dir():
            raise CommandError(f"{name}: its folder does not exist.") from None
        return target, None
    except ValueError:
        raise CommandError(f"{name}: no file can have this name.") from None
    if not stat.S_ISREG(status.st_mode):
        raise CommandError(f"{name}: not a regular file.")
    if not os.access(target, os.W_OK):
        raise CommandError(f"{name}: write-protected.")
    return target, stat.S_IMODE(status.st_mode)


def _create(path, mode):
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    # Nobody may read the new file who cannot read the old one, not even for a moment.
    file = os.fdopen(os.open(path, flags, 0o666 if mode is None else mode), "wb")
    if mode is not None:
        path.chmod(mode)  # gives back what the umask took away
    return file
