import errno
import os
import signal
import sqlite3
import stat
import struct
import sys
from io import BytesIO, StringIO, TextIOWrapper

import pytest
from django.core.management.base import CommandError, OutputWrapper

from shared_project.toolkit.files import ACL, MEGABYTE, atomic_write, open_input
from shared_project.toolkit.output import write_utf8


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

    monkeypatch.setattr("shared_project.toolkit.files.os.open", refuse)
    with pytest.raises(CommandError, match=r"users\.csv: Permission denied\.$"):
        open_input(target, max_bytes=10)


@pytest.mark.posix
@pytest.mark.filesystem
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("text/users.json", "/text/users.json: Not a directory"),
        ("loop", "/loop: Too many levels of symbolic links"),
        ("x" * 300, "x: File name too long"),
        ("missing/users.json", "/missing/users.json: No such file or directory"),
    ],
    ids="file-as-folder loop long missing-folder".split(),
)
def test_what_cannot_be_an_input_file_is_refused(tmp_path, name, message):
    (tmp_path / "text").touch()
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(CommandError, match=message):
        open_input(f"{tmp_path}/{name}", max_bytes=10)


@pytest.fixture
def deleted_folder(tmp_path, monkeypatch):
    (tmp_path / "deleted").mkdir()
    monkeypatch.chdir(tmp_path / "deleted")
    (tmp_path / "deleted").rmdir()


@pytest.mark.posix
@pytest.mark.filesystem
def test_no_input_file_is_in_a_deleted_folder(deleted_folder):
    with pytest.raises(CommandError, match=r"^users\.json: No such file or directory\.$"):
        open_input("users.json", max_bytes=10)


# Writing


@pytest.mark.posix
@pytest.mark.filesystem
@pytest.mark.parametrize("name", ["users.csv", "./users.csv", "../users.csv"])
def test_a_name_in_a_deleted_folder_is_refused(deleted_folder, name):
    message = rf"^{name}: the current folder has been deleted\. Change to another one\.$"
    with pytest.raises(CommandError, match=message), atomic_write(name):
        pass


@pytest.mark.posix
@pytest.mark.filesystem
def test_a_whole_path_is_written_from_a_deleted_folder(deleted_folder, target):
    with atomic_write(target) as file:
        file.write(b"new")
    assert target.read_bytes() == b"new"


@pytest.fixture
def shop_database(tmp_path):
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE product (name)")
    connection.close()
    return path


@pytest.mark.parametrize("end", ["", "-wal", "-shm", "-journal", "-WAL"])
def test_a_database_and_what_belongs_to_it_is_not_replaced(shop_database, end):
    before = shop_database.read_bytes()
    message = rf"shop\.db{end}: part of an SQLite database\. Name another file\.$"
    with pytest.raises(CommandError, match=message), atomic_write(f"{shop_database}{end}"):
        pass
    assert shop_database.read_bytes() == before
    assert listing(shop_database.parent) == ["shop.db"]


@pytest.mark.posix
@pytest.mark.filesystem
@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_a_link_to_a_database_is_not_replaced(shop_database, target, link):
    getattr(target, link)(shop_database)
    with pytest.raises(CommandError, match="part of an SQLite database"), atomic_write(target):
        pass
    assert target.samefile(shop_database)


@pytest.mark.parametrize("name", ["-wal", "users-wal", "users.csv-journal"])
def test_a_name_that_ends_like_a_database_file_is_written_where_there_is_none(tmp_path, name):
    with atomic_write(tmp_path / name) as file:
        file.write(b"new")
    assert (tmp_path / name).read_bytes() == b"new"


def test_the_file_appears_only_when_the_block_has_ended(target):
    with atomic_write(target) as file:
        file.write(b"half")
        file.flush()
        assert not target.exists()
    assert target.read_bytes() == b"half"
    assert listing(target.parent) == ["users.csv"]


@pytest.mark.parametrize("stop", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
def test_the_old_file_stays_when_the_block_fails_and_nothing_else_is_left(target, stop):
    target.write_bytes(b"old")
    with pytest.raises(stop), atomic_write(target) as file:  # noqa: PT012
        file.write(b"half")
        raise stop
    assert target.read_bytes() == b"old"
    assert listing(target.parent) == ["users.csv"]


@pytest.mark.parametrize("call", ["os.fsync", "Path.replace"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(target, monkeypatch, call):
    def fail(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    target.write_bytes(b"old")
    monkeypatch.setattr(f"shared_project.toolkit.files.{call}", fail)
    with (
        pytest.raises(CommandError, match=r"users\.csv: No space left on device\.$"),
        atomic_write(target) as file,
    ):
        file.write(b"half")
    assert target.read_bytes() == b"old"
    assert listing(target.parent) == ["users.csv"]


def test_the_bytes_are_on_the_disk_before_the_file_gets_its_name(target, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "shared_project.toolkit.files.os.fsync",
        lambda file: seen.append((os.fstat(file).st_size, target.exists())),
    )
    with atomic_write(target) as file:
        file.write(b"new")
    assert seen == [(3, False)]


@pytest.mark.posix
def test_a_file_that_somebody_else_put_there_is_not_written_to(target, monkeypatch):
    elsewhere = target.with_name("elsewhere")
    elsewhere.write_bytes(b"precious")
    target.with_name(".guessed.tmp").symlink_to(elsewhere)
    monkeypatch.setattr("shared_project.toolkit.files.secrets.token_hex", lambda _: "guessed")
    with pytest.raises(CommandError, match=r"users\.csv: File exists\.$"), atomic_write(target):
        pass
    assert (elsewhere.read_bytes(), target.exists()) == (b"precious", False)


def test_two_that_write_one_file_leave_one_of_them_whole(target):
    with atomic_write(target) as first:
        first.write(b"first")
        with atomic_write(target) as second:
            second.write(b"second")
        assert target.read_bytes() == b"second"
        first.write(b" too")
    assert target.read_bytes() == b"first too"
    assert listing(target.parent) == [target.name]


@pytest.mark.posix
@pytest.mark.filesystem
def test_a_new_file_gets_the_permissions_of_the_umask(target, umask):
    with atomic_write(target):
        pass
    assert mode(target) == 0o640


@pytest.mark.posix
@pytest.mark.parametrize("permissions", [0o600, 0o666])
def test_a_replaced_file_passes_on_its_permissions(target, umask, permissions):
    target.touch()
    target.chmod(permissions)
    with atomic_write(target):
        (temporary,) = {*target.parent.iterdir()} - {target}
        assert mode(temporary) == permissions
    assert mode(target) == permissions


@pytest.mark.posix
def test_the_new_file_is_ours_alone_until_it_has_the_group_of_the_old_one(target, monkeypatch):
    target.touch()
    target.chmod(0o644)
    modes = []
    really_chown = os.fchown
    monkeypatch.setattr(
        "shared_project.toolkit.files.os.fchown",
        lambda file, *ids: (
            modes.append(stat.S_IMODE(os.fstat(file).st_mode)) or really_chown(file, *ids)
        ),
    )
    with atomic_write(target):
        pass
    assert (modes, mode(target)) == ([0o600], 0o644)


@pytest.mark.posix
@pytest.mark.filesystem
@pytest.mark.skipif(
    os.name == "posix" and os.getuid() != 0, reason="only root may give files away"
)
def test_a_replaced_file_passes_on_its_owner_and_its_group(target):
    target.touch()
    os.chown(target, 12345, 23456)
    target.chmod(0o640)
    with atomic_write(target):
        pass
    status = target.stat()
    assert (status.st_uid, status.st_gid, mode(target)) == (12345, 23456, 0o640)


def of_another_group(target, monkeypatch, permissions):
    """Make `target` a file whose group is not ours, and not ours to give."""
    target.touch()
    target.chmod(permissions)
    status = target.stat()
    foreign = os.stat_result((*status[:5], status.st_gid + 1, *status[6:]))
    monkeypatch.setattr("shared_project.toolkit.files._find_target", lambda *_: (target, foreign))

    def refuse(*args):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("shared_project.toolkit.files.os.fchown", refuse)


@pytest.mark.posix
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (0o600, 0o600),
        (0o640, 0o600),
        (0o660, 0o600),
        (0o604, 0o600),
        (0o644, 0o644),
        (0o664, 0o644),
        (0o666, 0o666),
        (0o755, 0o755),
    ],
)
def test_nobody_gets_a_right_where_the_group_cannot_be_kept(target, monkeypatch, old, new):
    of_another_group(target, monkeypatch, old)
    with atomic_write(target):
        pass
    assert mode(target) == new


@pytest.mark.posix
def test_the_group_is_kept_where_the_owner_cannot_be(target, monkeypatch):
    def refuse_root(file, owner, group):
        if owner != -1:
            raise PermissionError(errno.EPERM, "Operation not permitted")
        groups.append(group)

    groups = []
    target.touch()
    target.chmod(0o640)
    monkeypatch.setattr("shared_project.toolkit.files.os.fchown", refuse_root)
    with atomic_write(target):
        pass
    assert (groups, mode(target)) == ([target.stat().st_gid], 0o640)


@pytest.mark.posix
def test_permissions_that_cannot_be_given_leave_the_file_to_its_owner(target, monkeypatch):
    def refuse(*args):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    target.touch()
    target.chmod(0o644)
    monkeypatch.setattr("shared_project.toolkit.files.os.fchmod", refuse)
    with atomic_write(target) as file:
        file.write(b"new")
    assert (target.read_bytes(), mode(target)) == (b"new", 0o600)


@pytest.mark.posix
def test_a_set_user_id_bit_is_not_passed_on(target):
    target.touch()
    target.chmod(0o4755)
    with atomic_write(target):
        pass
    assert mode(target) == 0o755


def acl(group):
    """Return a list: user 12345 may read, the group has the rights `group`, others none."""
    nobody = 0xFFFFFFFF
    entries = [(1, 6, nobody), (2, 4, 12345), (4, group, nobody), (16, 4, nobody), (32, 0, nobody)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


@pytest.fixture
def lists(target):
    target.touch()
    try:
        os.setxattr(target, ACL, acl(0))
    except (AttributeError, OSError):
        pytest.skip("needs a disk with POSIX access control lists")
    target.unlink()


@pytest.mark.posix
@pytest.mark.filesystem
def test_a_replaced_file_passes_on_its_access_control_list(target, lists):
    target.touch()
    os.setxattr(target, ACL, acl(0))
    with atomic_write(target):
        pass
    assert os.getxattr(target, ACL) == acl(0)


@pytest.mark.posix
@pytest.mark.filesystem
def test_the_list_of_the_folder_is_not_added_to_a_replaced_file(target, lists):
    target.touch()
    target.chmod(0o640)
    os.setxattr(target.parent, "system.posix_acl_default", acl(4))
    with atomic_write(target):
        pass
    assert "system.posix_acl_access" not in os.listxattr(target)
    assert mode(target) == 0o640


@pytest.mark.posix
@pytest.mark.filesystem
def test_a_file_with_a_list_is_its_owners_alone_where_the_group_cannot_be_kept(
    target, lists, monkeypatch
):
    of_another_group(target, monkeypatch, 0o644)
    os.setxattr(target, ACL, acl(4))
    with atomic_write(target):
        pass
    assert mode(target) == 0o600


@pytest.mark.posix
def test_a_list_that_cannot_be_passed_on_leaves_the_file_to_its_owner(target, monkeypatch):
    def refuse(*args):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(
        "shared_project.toolkit.files.os.getxattr",
        lambda file, _: acl(0) if file == target else None,
        raising=False,
    )
    monkeypatch.setattr("shared_project.toolkit.files.os.setxattr", refuse, raising=False)
    target.touch()
    target.chmod(0o640)
    with atomic_write(target):
        pass
    assert mode(target) == 0o600


@pytest.mark.posix
def test_a_system_without_lists_passes_on_the_permissions(target, monkeypatch):
    monkeypatch.delattr("shared_project.toolkit.files.os.getxattr", raising=False)
    target.touch()
    target.chmod(0o640)
    with atomic_write(target):
        pass
    assert mode(target) == 0o640


def test_a_system_without_groups_replaces_a_file_too(target, monkeypatch):
    monkeypatch.delattr("shared_project.toolkit.files.os.fchown", raising=False)
    target.write_bytes(b"old")
    with atomic_write(target) as file:
        file.write(b"new")
    assert target.read_bytes() == b"new"


def test_a_write_protected_file_is_not_replaced(target, monkeypatch):
    target.write_bytes(b"old")
    monkeypatch.setattr("shared_project.toolkit.files.os.access", lambda _, kind: kind != os.W_OK)
    with (
        pytest.raises(CommandError, match=r"users\.csv: write-protected\.$"),
        atomic_write(target),
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
    with atomic_write(target) as file:
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
    with pytest.raises(CommandError, match=message), atomic_write(path):
        pass
    assert listing(tmp_path) == before


@pytest.mark.posix
def test_a_device_is_not_replaced():
    with (
        pytest.raises(CommandError, match=r"^/dev/null: not a regular file\.$"),
        atomic_write("/dev/null"),
    ):
        pass


def test_a_folder_without_permission_is_one_line(target, monkeypatch):
    def refuse(*args):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("shared_project.toolkit.files.os.open", refuse)
    with (
        pytest.raises(CommandError, match=r"users\.csv: Permission denied\.$"),
        atomic_write(target),
    ):
        pass


@pytest.mark.posix
def test_signals_leave_the_old_file_and_nothing_else(manage, tmp_path):
    (tmp_path / "data").mkdir()
    target = tmp_path / "data" / "users.csv"
    target.write_bytes(b"old")
    code = (
        "from shared_project.toolkit.files import atomic_write\n"
        f"with atomic_write({str(target)!r}) as file:\n"
        "    file.write(b'half'); file.flush(); print('half', flush=True); input()"
    )
    processes = [manage.start("shell", "-v", 0, "-c", code) for _ in range(2)]
    for process in processes:
        assert process.stdout.readline() == "half\n"
    assert len(listing(target.parent)) == 3
    numbers = [signal.SIGTERM, signal.SIGINT]
    codes = [process.end_by(number) for process, number in zip(processes, numbers, strict=True)]
    assert codes == [143, 130]
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


def standard_output(monkeypatch, *, closed):
    stream = TextIOWrapper(BytesIO(), encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "__stdout__", None if closed else stream)
    return stream


def test_a_closed_stdout_is_refused_before_anything_is_read(monkeypatch):
    stream = standard_output(monkeypatch, closed=True)
    pieces = iter(["first"])
    with pytest.raises(CommandError, match=r"^stdout: closed\. Name a file instead of -"):
        write_utf8(OutputWrapper(stream), pieces)
    assert next(pieces) == "first"


def test_an_open_stdout_is_written_to(monkeypatch):
    stream = standard_output(monkeypatch, closed=False)
    write_utf8(OutputWrapper(stream), ["first"])
    assert stream.buffer.getvalue() == b"first"


def test_another_stream_is_written_to_where_stdout_is_closed(monkeypatch):
    standard_output(monkeypatch, closed=True)
    stream = TextIOWrapper(BytesIO(), encoding="utf-8")
    write_utf8(OutputWrapper(stream), ["first"])
    assert stream.buffer.getvalue() == b"first"
