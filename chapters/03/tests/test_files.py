import errno
import os
import signal
import stat
from io import BytesIO, StringIO, TextIOWrapper

import pytest
from django.core.management.base import CommandError, OutputWrapper

from export.files import MEGABYTE, open_input, write_utf8, write_whole


@pytest.fixture
def target(tmp_path):
    return tmp_path / "users.csv"


@pytest.fixture
def umask():
    old = os.umask(0o027)
    yield
    os.umask(old)


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


# Reading


def test_an_input_file_of_exactly_the_limit_is_read(target):
    target.write_bytes(b"x" * 10)
    with open_input(target, max_bytes=10) as file:
        assert file.read() == b"x" * 10


def test_an_input_file_above_the_limit_is_refused(target):
    target.write_bytes(b"x" * (MEGABYTE + 1))
    with pytest.raises(CommandError, match=r"users\.csv: larger than 1 MB\.$"):
        open_input(target, max_bytes=MEGABYTE)


def test_a_missing_input_file_is_named(tmp_path):
    with pytest.raises(CommandError, match=r"nope\.csv: No such file or directory\.$"):
        open_input(tmp_path / "nope.csv", max_bytes=10)


def test_an_empty_input_name_is_refused():
    with pytest.raises(CommandError, match="No such file or directory"):
        open_input("", max_bytes=10)


def test_a_nul_in_an_input_name_is_refused_and_shown():
    with pytest.raises(CommandError, match=r"^a\\x00b: no file can have this name\.$"):
        open_input("a\0b", max_bytes=10)


@pytest.mark.posix
def test_a_folder_is_not_read(tmp_path):
    with pytest.raises(CommandError, match=r": not a regular file\.$"):
        open_input(tmp_path, max_bytes=10)


@pytest.mark.posix
@pytest.mark.filesystem
def test_a_fifo_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(CommandError, match=r"fifo: not a regular file\.$"):
        open_input(tmp_path / "fifo", max_bytes=10)


@pytest.mark.posix
@pytest.mark.filesystem
def test_a_device_is_not_read():
    with pytest.raises(CommandError, match=r"^/dev/zero: not a regular file\.$"):
        open_input("/dev/zero", max_bytes=10)


def test_an_input_file_without_permission_is_named(target, monkeypatch):
    def refuse(*args):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("export.files.os.open", refuse)
    with pytest.raises(CommandError, match=r"users\.csv: Permission denied\.$"):
        open_input(target, max_bytes=10)


# Writing


def test_the_file_appears_only_when_the_block_has_ended(target):
    with write_whole(target) as file:
        file.write(b"half")
        file.flush()
        assert not target.exists()
    assert target.read_bytes() == b"half"
    assert listing(target.parent) == ["users.csv"]


@pytest.mark.parametrize("stop", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
def test_the_old_file_stays_when_the_block_fails_and_nothing_else_is_left(target, stop):
    target.write_bytes(b"old")
    with pytest.raises(stop), write_whole(target) as file:  # noqa: PT012
        file.write(b"half")
        raise stop
    assert target.read_bytes() == b"old"
    assert listing(target.parent) == ["users.csv"]


@pytest.mark.parametrize("call", ["os.fsync", "Path.replace"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(target, monkeypatch, call):
    def fail(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    target.write_bytes(b"old")
    monkeypatch.setattr(f"export.files.{call}", fail)
    with (
        pytest.raises(CommandError, match=r"users\.csv: No space left on device\.$"),
        write_whole(target) as file,
    ):
        file.write(b"half")
    assert target.read_bytes() == b"old"
    assert listing(target.parent) == ["users.csv"]


def test_the_bytes_are_on_the_disk_before_the_file_gets_its_name(target, monkeypatch):
    seen = []
    monkeypatch.setattr("export.files.os.fsync", lambda _: seen.append(target.exists()))
    with write_whole(target) as file:
        file.write(b"new")
    assert seen == [False]


def test_two_that_write_one_file_leave_one_of_them_whole(target):
    with write_whole(target) as first:
        first.write(b"first")
        with write_whole(target) as second:
            second.write(b"second")
        assert target.read_bytes() == b"second"
        first.write(b" too")
    assert target.read_bytes() == b"first too"
    assert listing(target.parent) == [target.name]


@pytest.mark.posix
@pytest.mark.filesystem
def test_a_new_file_gets_the_permissions_of_the_umask(target, umask):
    with write_whole(target):
        pass
    assert mode(target) == 0o640


@pytest.mark.posix
@pytest.mark.parametrize("permissions", [0o600, 0o666])
def test_a_replaced_file_passes_on_its_permissions(target, umask, permissions):
    target.touch()
    target.chmod(permissions)
    with write_whole(target):
        (temporary,) = {*target.parent.iterdir()} - {target}
        assert mode(temporary) == permissions
    assert mode(target) == permissions


@pytest.mark.posix
def test_the_new_file_is_never_open_to_more_people_than_the_old_one(target, monkeypatch):
    target.touch()
    target.chmod(0o600)
    created = []
    really_open = os.open
    monkeypatch.setattr(
        "export.files.os.open",
        lambda path, flags, mode: created.append(mode) or really_open(path, flags, mode),
    )
    with write_whole(target):
        pass
    assert created == [0o600]


def test_a_write_protected_file_is_not_replaced(target, monkeypatch):
    target.write_bytes(b"old")
    monkeypatch.setattr("export.files.os.access", lambda _, kind: kind != os.W_OK)
    with (
        pytest.raises(CommandError, match=r"users\.csv: write-protected\.$"),
        write_whole(target),
    ):
        pass
    assert target.read_bytes() == b"old"


@pytest.mark.posix
@pytest.mark.parametrize("exists", [True, False])
def test_a_symbolic_link_is_written_through(target, tmp_path, exists):
    (tmp_path / "folder").mkdir()
    real = tmp_path / "folder" / "real.csv"
    if exists:
        real.write_bytes(b"old")
    target.symlink_to(real)
    with write_whole(target) as file:
        file.write(b"new")
    assert target.is_symlink()
    assert real.read_bytes() == b"new"
    assert listing(real.parent) == ["real.csv"]


@pytest.mark.posix
@pytest.mark.filesystem
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "^: not the name of a file"),
        ("new/", "/new/: not the name of a file"),
        ("folder", "/folder: not a regular file"),
        ("fifo", "/fifo: not a regular file"),
        ("missing/users.csv", "/missing/users.csv: its folder does not exist"),
        ("text/users.csv", "/text/users.csv: Not a directory"),
        ("loop", "/loop: "),
        ("x" * 300, "x: File name too long"),
        ("a\0b", r"a\\x00b: no file can have this name"),
    ],
    ids="empty slash folder fifo missing-folder file-as-folder loop long nul".split(),
)
def test_what_cannot_be_a_file_is_refused_and_nothing_is_left(tmp_path, name, message):
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").touch()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    before = listing(tmp_path)
    path = f"{tmp_path}/{name}" if name else ""
    with pytest.raises(CommandError, match=message), write_whole(path):
        pass
    assert listing(tmp_path) == before


@pytest.mark.posix
def test_a_device_is_not_replaced():
    with (
        pytest.raises(CommandError, match=r"^/dev/null: not a regular file\.$"),
        write_whole("/dev/null"),
    ):
        pass


def test_a_folder_without_permission_is_one_line(target, monkeypatch):
    def refuse(*args):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("export.files.os.open", refuse)
    with (
        pytest.raises(CommandError, match=r"users\.csv: Permission denied\.$"),
        write_whole(target),
    ):
        pass


@pytest.mark.posix
def test_signals_leave_the_old_file_and_nothing_else(manage, tmp_path):
    (tmp_path / "data").mkdir()
    target = tmp_path / "data" / "users.csv"
    target.write_bytes(b"old")
    code = (
        "from export.files import write_whole\n"
        f"with write_whole({str(target)!r}) as file:\n"
        "    file.write(b'half'); file.flush(); print('half', flush=True); input()"
    )
    processes = [manage.start("shell", "-v", 0, "-c", code) for _ in range(2)]
    for process in processes:
        assert process.stdout.readline() == "half\n"
    assert len(listing(target.parent)) == 3
    processes[0].send_signal(signal.SIGTERM)
    processes[1].send_signal(signal.SIGINT)
    assert [process.wait(10) for process in processes] == [143, 130]
    assert target.read_bytes() == b"old"
    assert listing(target.parent) == ["users.csv"]


# stdout


def test_text_reaches_a_stream_without_bytes():
    stream = StringIO()
    write_utf8(OutputWrapper(stream), ["Zoë", "", "\n"])
    assert stream.getvalue() == "Zoë\n"


def test_a_stream_with_bytes_gets_utf_8_after_what_it_had_before():
    file = BytesIO()
    stream = TextIOWrapper(file, encoding="ascii")
    stream.write("first\n")
    write_utf8(OutputWrapper(stream), ["Zoë", "\n"])
    assert file.getvalue() == "first\nZoë\n".encode()
