"""Open the files that somebody named on the command line: to read, and to write whole.

Explained in chapter 3; tested in chapters/03/tests/test_files.py.
"""

import contextlib
import os
import re
import secrets
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from django.core.management.base import CommandError

from .text import printable

MEGABYTE = 1024 * 1024
ACL = "system.posix_acl_access"


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
def atomic_write(path: str | Path) -> Iterator[BinaryIO]:
    """Yield a binary file that takes the place of `path` when the block ends without an error.

    Until then `path` stays as it is, and after an error or a signal nothing else is left. A
    file that is replaced passes on its group, its permissions and, where we may, its owner; a
    symbolic link stays, and the file that it leads to is replaced. An SQLite database is not.

    Raises CommandError, in one line that names the path, where it cannot be written. An
    OSError in the block counts as the file's own.
    """
    name = printable(str(path))
    try:
        target, old = _find_target(path, name)
        # Beside the target, because a rename cannot cross from one disk to another.
        temporary = target.with_name(f".{secrets.token_hex(8)}.tmp")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        try:
            # Nobody else may read it, not even for a moment, before it has the old one's group.
            mode = 0o600 if old else 0o666
            with os.fdopen(os.open(temporary, flags, mode), "wb") as file:
                if old and hasattr(os, "fchown"):
                    _pass_on_access(target, old, file.fileno())
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


def _find_target(path, name):
    """Return the file to replace and its status, which is None where it is new."""
    if not os.path.basename(path):  # noqa: PTH119 (Path drops the slash of "folder/")
        raise CommandError(f"{name}: not the name of a file.")
    try:
        target = Path(os.path.realpath(path))
    except FileNotFoundError:
        raise CommandError(
            f"{name}: the current folder has been deleted. Change to another one."
        ) from None
    except ValueError:
        raise CommandError(f"{name}: no file can have this name.") from None
    try:
        status = target.stat()
    except FileNotFoundError:
        status = None
    if not status and not target.parent.is_dir():
        raise CommandError(f"{name}: its folder does not exist.")
    if status and not stat.S_ISREG(status.st_mode):
        raise CommandError(f"{name}: not a regular file.")
    if status and not os.access(target, os.W_OK):
        raise CommandError(f"{name}: write-protected.")
    if _belongs_to_sqlite(target):
        raise CommandError(f"{name}: part of an SQLite database. Name another file.")
    return target, status


def _belongs_to_sqlite(path):
    # The log and its index stand beside the database: shop.db-wal, shop.db-shm.
    database = re.sub(r"(?<=.)-(wal|shm|journal)\Z", "", path.name, flags=re.IGNORECASE)
    for file in (path, path.with_name(database)):
        with contextlib.suppress(CommandError, OSError), open_input(file, sys.maxsize) as content:
            if content.read(16) == b"SQLite format 3\0":
                return True
    return False


def _pass_on_access(path, old, descriptor):
    """Give the new file the owner, the group and the permissions of the old one.

    What cannot be given is left out: nobody may read the new file who could not read the old one.
    """
    for owner in (old.st_uid, -1):  # only root may give a file away
        with contextlib.suppress(OSError):
            os.fchown(descriptor, owner, old.st_gid)
            break
    mode = old.st_mode & 0o777
    acl = _get_acl(path)
    if not _set_acl(descriptor, acl):
        mode &= 0o700
    elif os.fstat(descriptor).st_gid != old.st_gid:
        # Each of the two groups is among the others of the other file.
        shared = 0 if acl else mode & (mode >> 3) & 0o007
        mode = (mode & 0o700) | (shared << 3) | shared
    with contextlib.suppress(OSError):
        os.fchmod(descriptor, mode)


def _get_acl(file):
    """Return the access control list of a path or descriptor, None where it has none.

    With one, a file's group permissions are not the group's: they limit all who are on the list.
    """
    if hasattr(os, "getxattr"):
        with contextlib.suppress(OSError):
            return os.getxattr(file, ACL)
    return None


def _set_acl(descriptor, acl):
    """Set or remove it, since a folder can have one for new files; say whether that worked."""
    if _get_acl(descriptor) != acl:
        with contextlib.suppress(OSError):
            if acl is None:
                os.removexattr(descriptor, ACL)
            else:
                os.setxattr(descriptor, ACL, acl)
    return _get_acl(descriptor) == acl
