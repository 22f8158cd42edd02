"""Each step does what the page says, and fails as the page says."""

import csv
import errno
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import FieldError
from django.core.management.base import CommandError
from django.db import DatabaseError
from django.db.models.query import ValuesListIterable

pytestmark = pytest.mark.django_db
every_step = pytest.mark.parametrize("number", [1, 2, 3])
later_steps = pytest.mark.parametrize("number", [2, 3])


@pytest.fixture(autouse=True)
def users():
    User.objects.create(username="zoë", email="zoe@example.com")
    User.objects.create(username="ada", password="pbkdf2_sha256$secret", is_active=False)


@pytest.fixture
def target(tmp_path):
    return tmp_path / "users.csv"


@pytest.fixture
def failing_database(monkeypatch):
    """Have the database fail after the first row of a query for tuples."""

    def first_row(self):
        yield ("zoë", "zoe@example.com")
        raise DatabaseError("the server went away")

    monkeypatch.setattr(ValuesListIterable, "__iter__", first_row)


def rows(file):
    with file.open(encoding="utf-8", newline="") as lines:
        return [*csv.reader(lines)]


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


@every_step
def test_every_step_exports_the_users_in_the_order_of_their_keys(call, step, number, target):
    call(step(number), "-o", target)
    assert rows(target) == [["username", "email"], ["zoë", "zoe@example.com"], ["ada", ""]]
    assert listing(target.parent) == ["users.csv"]


@every_step
def test_every_step_has_a_default_for_each_option(call, step, number, target, monkeypatch):
    monkeypatch.chdir(target.parent)
    call(step(number))
    assert len(rows(target)) == 3


@every_step
def test_every_step_takes_a_list_of_fields_and_a_flag(call, step, number, target):
    call(step(number), "--active-only", "--fields", "first_name", "username", "-o", target)
    assert rows(target) == [["first_name", "username"], ["", "zoë"]]


@every_step
def test_every_step_names_a_folder_that_is_not_there(call, step, number, tmp_path):
    with pytest.raises(CommandError, match="^Folder not found: .*nowhere$"):
        call(step(number), "-o", tmp_path / "nowhere" / "users.csv")


def test_step_1_announces_an_export_that_then_fails(call, step, target):
    target.write_text("the export of yesterday\n")
    with pytest.raises(FieldError):
        call(step(1), "-o", target, "--fields", "username", "nope")
    assert call.stdout == f"Exporting users to {target}...\n"
    assert rows(target) == [["username", "nope"]]


def test_step_1_exports_password_hashes(call, step, target):
    call(step(1), "-o", target, "--fields", "username", "password")
    assert ["ada", "pbkdf2_sha256$secret"] in rows(target)


def test_step_1_repeats_a_user_for_every_group(call, step, target):
    groups = [Group.objects.create(name=name) for name in ("staff", "sales")]
    User.objects.get(username="ada").groups.set(groups)
    call(step(1), "-o", target, "--fields", "username", "groups")
    assert [name for name, _ in rows(target)].count("ada") == 2


@later_steps
@pytest.mark.parametrize("field", ["password", "groups", "nope", "username__password"])
def test_later_steps_refuse_a_field_before_they_open_the_file(call, step, number, target, field):
    target.write_text("the export of yesterday\n")
    with pytest.raises(CommandError, match="^Error: argument --fields: invalid choice: "):
        call(step(number), "-o", target, "--fields", "username", field)
    assert target.read_text() == "the export of yesterday\n"


@later_steps
def test_later_steps_report_after_the_work_how_many_users_there_were(call, step, number, target):
    assert call(step(number), "-o", target) == f"Exported 2 users to {target}.\n"
    assert call(step(number), "--active-only", "-o", target).startswith("Exported 1 users")


@pytest.mark.usefixtures("failing_database")
def test_step_2_loses_the_old_file_when_the_database_fails(call, step, target):
    target.write_text("the export of yesterday\n")
    with pytest.raises(DatabaseError):
        call(step(2), "-o", target)
    assert call.stdout == ""
    assert rows(target) == [["username", "email"]]


@pytest.mark.usefixtures("failing_database")
def test_step_3_keeps_the_old_file_when_the_database_fails_and_leaves_no_other(call, step, target):
    target.write_text("the export of yesterday\n")
    with pytest.raises(DatabaseError):
        call(step(3), "-o", target)
    assert target.read_text() == "the export of yesterday\n"
    assert listing(target.parent) == ["users.csv"]


def test_only_step_3_never_holds_the_table_as_a_whole(call, step, target, monkeypatch):
    monkeypatch.setattr("django.db.models.QuerySet._fetch_all", lambda _: pytest.fail("held"))
    with pytest.raises(pytest.fail.Exception, match="held"):
        call(step(2), "-o", target)
    assert call(step(3), "-o", target).startswith("Exported 2 users")


@pytest.mark.parametrize("name", ["", "folder"])
def test_step_3_replaces_nothing_but_a_file(call, step, tmp_path, name):
    (tmp_path / "folder").mkdir()
    with pytest.raises(CommandError, match="^Not a file: "):
        call(step(3), "-o", name and tmp_path / name)
    assert listing(tmp_path) == ["folder"]


def test_step_3_says_in_one_line_why_a_file_cannot_be_written(call, step, target, monkeypatch):
    def fail(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    target.write_text("the export of yesterday\n")
    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(CommandError, match=r"users\.csv: No space left on device$"):
        call(step(3), "-o", target)
    assert target.read_text() == "the export of yesterday\n"
    assert listing(target.parent) == ["users.csv"]


# What step 3 does not cover


def test_step_3_writes_a_cell_that_a_spreadsheet_runs(call, step, target):
    User.objects.create(username="-2+3")
    call(step(3), "-o", target)
    assert ["-2+3", ""] in rows(target)


def test_step_3_repeats_a_column(call, step, target):
    call(step(3), "-o", target, "--fields", "email", "email")
    assert rows(target)[0] == ["email", "email"]


def test_step_3_exports_a_password_that_a_keyword_asks_for(call, step, target):
    call(step(3), output=target, fields=["password"])
    assert ["pbkdf2_sha256$secret"] in rows(target)


def test_step_3_writes_dates_as_python_shows_them(call, step, target):
    User.objects.update(date_joined=datetime(2026, 11, 23, 9, 30, tzinfo=UTC))
    call(step(3), "-o", target, "--fields", "date_joined")
    assert rows(target)[1] == ["2026-11-23 09:30:00+00:00"]


@pytest.mark.posix
@pytest.mark.filesystem
def test_step_3_lets_others_read_a_file_that_they_could_not_read(call, step, target):
    target.touch(0o600)
    umask = os.umask(0o022)
    try:
        call(step(3), "-o", target)
    finally:
        os.umask(umask)
    assert stat.S_IMODE(target.stat().st_mode) == 0o644


@pytest.mark.posix
def test_step_3_puts_a_file_in_the_place_of_a_link(call, step, target, tmp_path):
    real = tmp_path / "real.csv"
    real.write_text("the export of yesterday\n")
    target.symlink_to(real)
    call(step(3), "-o", target)
    assert not target.is_symlink()
    assert real.read_text() == "the export of yesterday\n"
