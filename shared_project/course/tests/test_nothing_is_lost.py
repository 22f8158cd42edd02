"""Whatever happens, a learner's files and progress stay."""

import errno
import json
import os
import signal
import time
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import pytest
from django.core.management.base import CommandError

from shared_project.course import progress, verdicts
from shared_project.course.tests.samples import FILE, GREETING

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def update(root):
    """Return a function that changes 05.1 as an update of the course does."""
    folder = root / "chapters/05/exercises/say_hello"

    def update(expectation="", starter=""):
        if expectation:
            with (folder / "expectations.py").open("a") as file:
                file.write(f"def test_{expectation}(): pass\n")
        if starter:
            (folder / "starter.py").write_text(starter)

    return update


@pytest.fixture
def full_disk():
    """Return a context manager: whatever is written does not get onto the disk."""

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return lambda: mock.patch("os.fsync", full)


def kept(practice):
    return {file.read_text() for file in (practice / "backup").iterdir()}


def entries(practice):
    return tomllib.loads((practice / "progress.toml").read_text())


def test_a_second_start_leaves_the_file(call, practice):
    call("course", "start", "05.1")
    (practice / FILE).write_text("mine")
    assert "is there already" in call("course", "start", "05.1")
    assert (practice / FILE).read_text() == "mine"


def test_a_file_of_that_name_that_nobody_started_stays(call, practice):
    (practice / FILE).parent.mkdir(parents=True)
    (practice / FILE).write_text("mine")
    assert "stays as it is" in call("course", "start", "say_hello")
    assert (practice / FILE).read_text() == "mine"


def test_a_link_that_leads_nowhere_stays(call, practice):
    (practice / FILE).parent.mkdir(parents=True)
    (practice / FILE).symlink_to("elsewhere.py")
    assert "stays as it is" in call("course", "start", "say_hello")
    assert (practice / FILE).readlink() == Path("elsewhere.py")


def test_reset_keeps_every_file_that_it_replaces(call, practice):
    call("course", "start", "05.1")
    (practice / FILE).write_text("mine")
    call("course", "reset", "05.1")
    (practice / FILE).write_text("mine too")
    call("course", "reset", "05.1")
    assert (practice / FILE).read_text() == GREETING.format("")
    assert kept(practice) == {"mine", "mine too"}


def test_files_set_aside_in_one_second_are_all_kept(call, practice, monkeypatch):
    call("course", "start", "05.1")
    monkeypatch.setattr(progress, "datetime", mock.Mock(now=mock.Mock(return_value=NOON)))
    for text in ("first", "second", "third"):
        (practice / FILE).write_text(text)
        call("course", "reset", "05.1")
    assert kept(practice) == {"first", "second", "third"}


def test_reset_keeps_what_a_link_leads_to(call, practice, tmp_path):
    call("course", "start", "05.1")
    (tmp_path / "elsewhere.py").write_text("mine")
    (practice / FILE).unlink()
    (practice / FILE).symlink_to(tmp_path / "elsewhere.py")
    call("course", "reset", "05.1")
    assert kept(practice) == {"mine"}
    assert (tmp_path / "elsewhere.py").read_text() == "mine"
    assert (practice / FILE).read_text() == GREETING.format("")


def test_reset_writes_a_starter_that_was_deleted(call, practice):
    call("course", "start", "05.1")
    (practice / FILE).unlink()
    call("course", "reset", "05.1")
    assert (practice / FILE).exists()


def test_reset_that_cannot_keep_the_file_leaves_it(call, practice):
    call("course", "start", "05.1")
    (practice / FILE).write_text("mine")
    (practice / "backup").touch()
    with pytest.raises(CommandError, match=r"backup: File exists\. .* move away"):
        call("course", "reset", "05.1")
    assert (practice / FILE).read_text() == "mine"


def files(practice):
    return {
        file.relative_to(practice).as_posix(): file.read_bytes()
        for file in practice.rglob("*")
        if file.is_file()
    }


@pytest.mark.parametrize("action", ["start", "hint"])
def test_a_full_disk_leaves_all_files_as_they_were(call, practice, full_disk, action):
    call("course", "start", "05.1")
    (practice / FILE).write_text("mine")
    before = files(practice)
    with full_disk(), pytest.raises(CommandError, match=r"toml: No space .* Free some space"):
        call("course", action, "05.1")
    assert files(practice) == before


def test_a_starter_that_a_full_disk_does_not_take_is_not_there_by_half(call, practice, full_disk):
    with full_disk(), pytest.raises(CommandError, match="Free some space"):
        call("course", "start", "05.1")
    assert files(practice) == {}
    call("course", "start", "05.1")
    assert (practice / FILE).read_text() == GREETING.format("")


def test_a_reset_on_a_full_disk_keeps_the_file_and_can_be_repeated(call, practice, full_disk):
    call("course", "start", "05.1")
    (practice / FILE).write_text("mine")
    with full_disk(), pytest.raises(CommandError, match="Free some space"):
        call("course", "reset", "05.1")
    assert kept(practice) == {"mine"}
    call("course", "reset", "05.1")
    assert (practice / FILE).read_text() == GREETING.format("")
    assert kept(practice) == {"mine"}


def test_a_verdict_that_a_full_disk_does_not_keep_is_shown(call, practice, finds, full_disk):
    call("course", "start", "05.1")
    finds("solved", True, True)
    with full_disk(), pytest.raises(CommandError, match="Free some space"):
        call("course", "check", "05.1")
    assert "All 2 hold." in call.stdout


def test_what_is_kept_of_an_exercise_is_text(call, practice):
    call("course", "start", "05.1")
    call("course", "hint", "05.1")
    entry = entries(practice)["say_hello"]
    assert entry["started"]
    assert entry["hints"] == 1
    assert entry["expectations"] == "it_says_hello once"


def test_keys_and_fields_that_the_course_does_not_know_are_kept(call, practice):
    practice.mkdir(parents=True)
    mine = '[gone]\nsolved = true\n[say_hello]\nnote = "\\u007f mine"\nstars = 5\n'
    (practice / "progress.toml").write_text(mine)
    call("course", "start", "05.1")
    assert entries(practice)["gone"] == {"solved": True}
    assert entries(practice)["say_hello"]["note"] == "\x7f mine"
    assert entries(practice)["say_hello"]["stars"] == 5


def test_what_another_terminal_has_stored_meanwhile_is_kept(call, practice, finds, monkeypatch):
    def hint_elsewhere(*args, **options):
        call("course", "hint", "05.1")
        return found(*args, **options)

    call("course", "start", "05.1")
    finds("solved", True, True)
    found = verdicts.of
    monkeypatch.setattr(verdicts, "of", hint_elsewhere)
    call("course", "check", "05.1")
    assert entries(practice)["say_hello"]["hints"] == 1
    assert entries(practice)["say_hello"]["solved"]


@pytest.mark.parametrize(
    "content",
    [
        b"\xff",
        b"[",
        b"a = 1",
        b"[say_hello]\nchecks = 'many'",
        b"[say_hello]\nmoment = 2026-03-01",
        b"['say hello']",
    ],
)
def test_a_progress_that_cannot_be_read_is_set_aside(call, practice, content):
    call("course", "start", "05.1")
    (practice / FILE).write_text("mine")
    (practice / "progress.toml").write_bytes(content)
    assert "0 of 2" in call("course")
    assert "could not be read. It is now practice/backup/" in call.stderr
    (aside,) = (practice / "backup").iterdir()
    assert aside.read_bytes() == content
    assert (practice / FILE).read_text() == "mine"


def test_a_progress_that_an_editor_of_windows_has_saved_is_read(call, practice):
    practice.mkdir(parents=True)
    (practice / "progress.toml").write_bytes(b"\xef\xbb\xbf[say_hello]\r\nsolved = true\r\n")
    assert "1 of 2" in call("course")


def test_a_progress_of_a_newer_course_is_left_alone(call, practice):
    practice.mkdir(parents=True)
    (practice / "progress.toml").write_text("format = 2\n")
    with pytest.raises(CommandError, match="newer version of the course. Update yours: git pull"):
        call("course")
    assert (practice / "progress.toml").read_text() == "format = 2\n"


def test_what_was_solved_stays_solved(call, practice, finds):
    call("course", "start", "05.1")
    finds("solved", True, True)
    call("course", "check", "05.1")
    finds("unmet", False, True)
    with pytest.raises(SystemExit):
        call("course", "check", "05.1")
    assert json.loads(call("course", "list", "--format", "json"))[0]["solved"]


@pytest.mark.parametrize("action", ["start", "check"])
def test_an_update_that_adds_expectations_says_how_many(call, practice, update, finds, action):
    call("course", "start", "05.1")
    (practice / FILE).write_text("mine")
    update("it_says_it_once")
    finds("solved", True, True, True)
    said = (
        "05.1 has changed since you started it: 1 expectation is new. Your file is as you left it."
    )
    assert said in call("course", action, "05.1")
    assert (practice / FILE).read_text() == "mine"
    assert "has changed" not in call("course", action, "05.1")


def test_an_update_of_the_starter_says_so_and_reset_takes_it(call, practice, update):
    call("course", "start", "05.1")
    update(starter="new")
    assert "05.1 has changed since you started it. Your file is" in call("course", "start", "05.1")
    assert (practice / FILE).read_text() == GREETING.format("")
    call("course", "reset", "05.1")
    assert (practice / FILE).read_text() == "new"
    assert kept(practice) == {GREETING.format("")}


def test_what_was_solved_has_grown_after_an_update_until_it_is_solved_again(
    call, practice, update, finds
):
    call("course", "start", "05.1")
    finds("solved", True, True)
    call("course", "check", "05.1")
    update("it_says_it_once")
    update("it_says_it_in_time")
    for _ in range(2):
        assert "1 of 2 exercises solved." in call("course")
        said = "05.1 has grown: 2 expectations are new. python manage.py course check 05.1"
        assert said in call.stdout
        assert "Say hello (5 min), has grown" in call("course", "list")
        assert json.loads(call("course", "--format", "json"))["grown"] == ["05.1"]
        finds("unmet", True, True, True, False)
        with pytest.raises(SystemExit):
            call("course", "check", "05.1")
    finds("solved", True, True, True, True)
    call("course", "check", "05.1")
    assert "grown" not in call("course")


SWALLOWS_CTRL_C = """
import os, time
from pathlib import Path
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    def handle(self, *args, **options):
        Path(os.environ["REACHED"]).touch()
        try:
            for _ in range(600):
                time.sleep(0.1)
        except BaseException:
            pass
"""


@pytest.mark.posix
def test_ctrl_c_in_the_middle_of_a_check_ends_it_and_changes_nothing(manage):
    practice = manage.folder / "practice"
    reached = manage.folder / "reached"
    env = {"DJANGO_PRACTICE_DIR": str(practice), "REACHED": str(reached)}
    manage("course", "start", "01.1", env=env)
    (practice / "management/commands/count_products.py").write_text(SWALLOWS_CTRL_C)
    before = files(practice)
    process = manage.start("course", "check", "01.1", env=env)
    while not reached.exists():
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert process.stdout.read() == ""
    assert process.stderr.read() == "Stopped by Ctrl-C.\n"
    assert files(practice) == before


@pytest.mark.posix
def test_a_file_of_the_learners_that_breaks_breaks_its_own_command_alone(manage):
    practice = manage.folder / "practice"
    env = {"DJANGO_PRACTICE_DIR": str(practice)}
    manage("course", "start", "01.1", env=env)
    (practice / "management/commands/count_products.py").write_text("def (:")
    done = manage("help", env=env)
    assert "count_products" in done.stdout
    assert done.returncode == manage("course", env=env).returncode == 0
    assert "SyntaxError" in manage("count_products", env=env).stderr
