import io
import os
import sys
import tempfile
import threading

import pytest
from django.core.management.base import CommandError

from shared_project.toolkit.stdin import open_file_or_stdin, read_stdin

MEGABYTE = 1024 * 1024


@pytest.fixture
def stdin(monkeypatch):
    """Return a function that puts bytes, or a file object, in the place of stdin."""

    def put(content):
        if isinstance(content, bytes):
            content = io.TextIOWrapper(io.BytesIO(content))
        monkeypatch.setattr(sys, "stdin", content)

    return put


@pytest.fixture
def pipe(stdin):
    """Put a pipe in the place of stdin; return both its ends."""
    reader, writer = os.pipe()
    stdin(os.fdopen(reader))
    writer = os.fdopen(writer, "wb")
    yield sys.stdin, writer
    sys.stdin.close()
    writer.close()


def refusal(*arguments):
    with pytest.raises(CommandError) as error:
        open_file_or_stdin(*arguments)
    return str(error.value)


@pytest.mark.parametrize("content", [b"", b"\xff\x00\r\n", bytes(3 * MEGABYTE)], ids=len)
def test_everything_that_comes_through_stdin_is_read_as_it_is(stdin, content):
    stdin(content)
    with read_stdin(3 * MEGABYTE) as copy:
        assert copy.read() == content


def test_a_text_that_code_puts_there_is_read_as_utf_8(stdin):
    stdin(io.StringIO("é"))
    with read_stdin(2) as copy:
        assert copy.read() == "é".encode()


def test_one_byte_too_many_is_refused(stdin):
    stdin(bytes(MEGABYTE + 1))
    assert refusal("-", MEGABYTE) == "stdin: larger than 1 MB."


def test_stdin_without_an_end_is_refused_at_the_limit(stdin):
    class Endless(io.RawIOBase):
        def readinto(self, buffer):
            return len(buffer)

        def readable(self):
            return True

    stdin(io.TextIOWrapper(io.BufferedReader(Endless())))
    assert refusal("-", 2 * MEGABYTE) == "stdin: larger than 2 MB."


def test_a_stdin_that_was_closed_is_refused(stdin):
    stdin(None)
    assert refusal("-", 1).startswith("stdin: closed. ")


def test_a_stdin_that_code_has_closed_is_refused(stdin):
    closed = io.TextIOWrapper(io.BytesIO())
    closed.buffer.close()
    stdin(closed)
    assert refusal("-", 1) == "stdin: I/O operation on closed file."


@pytest.mark.posix
@pytest.mark.filesystem
def test_a_stdin_that_cannot_be_read_is_refused(stdin, tmp_path):
    with (tmp_path / "out").open("wb") as file:
        stdin(io.TextIOWrapper(os.fdopen(os.dup(file.fileno()), "rb")))
        assert refusal("-", 1) == "stdin: Bad file descriptor."
        sys.stdin.close()


def test_a_full_disk_is_named(stdin, monkeypatch):
    class Full(io.BytesIO):
        def write(self, block):
            raise OSError(28, "No space left on device")

        def close(self):
            raise OSError(28, "No space left on device")

    stdin(b"x")
    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", lambda _: Full())
    folder = tempfile.gettempdir()
    assert refusal("-", 1).startswith(f"Folder for temporary files, {folder}: No space left")
    del Full.close  # which the interpreter calls once more


@pytest.mark.posix
@pytest.mark.filesystem
def test_a_pipe_that_is_empty_for_a_moment_has_not_ended(pipe, threads):
    reader, writer = pipe
    os.set_blocking(reader.fileno(), False)

    def write():
        # Once somebody waits for it, the pipe is one that waits.
        while not os.get_blocking(reader.fileno()):
            pass
        writer.write(b"late")
        writer.close()

    thread = threading.Thread(target=write)
    thread.start()
    with read_stdin(4) as copy:
        assert copy.read() == b"late"
    thread.join()


@pytest.mark.posix
@pytest.mark.filesystem
def test_a_terminal_is_read_until_the_first_ctrl_d(stdin):
    import pty

    ours, theirs = pty.openpty()
    os.write(ours, b"[1,\n2]\n\x04")
    stdin(os.fdopen(theirs))
    with read_stdin(100) as copy:
        assert copy.read() == b"[1,\n2]\n"
    sys.stdin.close()
    os.close(ours)


def test_a_name_is_opened_as_a_file(tmp_path):
    (tmp_path / "a.json").write_bytes(b"[]")
    with open_file_or_stdin(str(tmp_path / "a.json"), 2) as file:
        assert file.read() == b"[]"
    assert refusal(str(tmp_path / "a.json"), 1).endswith("a.json: larger than 9.53674e-07 MB.")


@pytest.mark.posix
@pytest.mark.filesystem
def test_who_names_a_pipe_learns_of_the_hyphen(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    hint = (
        "not a regular file. To read from a pipe, send it to stdin and write - instead of a name."
    )
    assert refusal(str(tmp_path / "pipe"), 1) == f"{tmp_path / 'pipe'}: {hint}"
    assert refusal(os.devnull, 1).endswith(hint)


@pytest.mark.parametrize("name", ["", "none", "none/\0"])
def test_a_folder_or_nothing_gets_no_advice_about_pipes(tmp_path, name):
    assert "pipe" not in refusal(str(tmp_path / name), 1).removeprefix(str(tmp_path))
