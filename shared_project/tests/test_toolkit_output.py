import errno
import io
import os
import tempfile

import pytest
from django.core.management.base import CommandError

from shared_project.toolkit import output
from shared_project.toolkit.output import Listing, discard_output, temporary_folder_error

FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def small(monkeypatch):
    """Let a listing go to the disk from its first line on."""
    monkeypatch.setattr(output, "MEGABYTE", 1)


@pytest.mark.parametrize("in_memory", [True, False])
def test_the_lines_come_back_as_they_were(in_memory, request):
    if not in_memory:
        request.getfixturevalue("small")
    with Listing() as listing:
        for line in ["Zoë: 1", "", "x" * 10_000]:
            listing.write(line)
        listing.finish()
        assert list(listing) == ["Zoë: 1", "", "x" * 10_000]


@pytest.mark.posix
@pytest.mark.filesystem
def test_what_does_not_fit_fails_before_the_commit(small, monkeypatch):
    with Listing() as listing, open("/dev/full", "wb") as full:  # noqa: PTH123
        listing.write("one line")
        os.dup2(full.fileno(), listing._file.fileno())
        listing.write("and another")  # still in a buffer
        with pytest.raises(CommandError, match=f"{tempfile.gettempdir()}: No space left"):
            listing.finish()


def test_a_folder_that_takes_no_file_is_named(small, monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with Listing() as listing, pytest.raises(CommandError, match="Permission denied. Free some"):
        listing.write("one line")


def test_the_line_names_the_folder():
    assert temporary_folder_error(FULL) == (
        f"Folder for temporary files, {tempfile.gettempdir()}: No space left on device. "
        "Free some space, or set TMPDIR to a folder that has room."
    )


def test_the_line_says_where_there_is_no_folder(monkeypatch):
    def none():
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    assert temporary_folder_error(FULL) == (
        "No usable temporary directory found in ['/tmp']. Set TMPDIR to a folder that has room."
    )


@pytest.mark.posix
@pytest.mark.filesystem
def test_discarded_output_fails_no_more():
    full = open("/dev/full", "w")  # noqa: PTH123, SIM115
    full.write("lost")
    discard_output(full)
    full.close()


def test_discarding_what_is_no_file_is_no_error():
    stream = io.StringIO()
    discard_output(stream)
    stream.close()
    discard_output(stream)
