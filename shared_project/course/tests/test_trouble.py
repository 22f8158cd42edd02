"""What goes wrong around a learner ends in one line that says what to do."""

import errno
import json
import os
import re
from pathlib import Path
from unittest import mock

import pytest
from django.core.management.base import CommandError

from shared_project.course.exercises import find_exercise
from shared_project.course.tests.samples import FILE


def failure(call, *args):
    with pytest.raises(CommandError) as raised:
        call("course", *args)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_file_in_the_place_of_practice_is_named(call, practice):
    practice.touch()
    for args in ([], ["start", "05.1"]):
        assert "practice: Not a directory. Your files go into a folder" in failure(call, *args)


def test_a_file_in_the_place_of_a_folder_in_practice_is_named(call, practice):
    practice.mkdir()
    (practice / "management").touch()
    assert "practice/management: " in failure(call, "start", "05.1")


def test_a_folder_in_the_place_of_the_progress_is_named(call, practice):
    (practice / "progress.toml").mkdir(parents=True)
    assert "progress.toml: Is a directory. A file of this name is needed" in failure(call)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_folder_that_cannot_be_written_is_named(call, practice, number):
    error = OSError(number, os.strerror(number))
    with mock.patch("pathlib.Path.mkdir", side_effect=error):
        said = failure(call, "start", "05.1")
    assert os.strerror(number) in said
    assert re.search("Give yourself the right|Set DJANGO_PRACTICE_DIR", said)


def test_a_progress_that_cannot_be_read_because_of_rights_is_left_alone(call, practice):
    call("course", "start", "05.1")
    with mock.patch("pathlib.Path.read_text", side_effect=PermissionError(errno.EACCES, "denied")):
        assert "progress.toml: denied. Give yourself the right" in failure(call)
    assert not (practice / "backup").exists()


def test_a_file_that_cannot_be_written_because_of_what_it_is_is_named(call, practice):
    call("course", "start", "05.1")
    (practice / "__init__.py").unlink()
    (practice / "__init__.py").symlink_to("nowhere/at/all")
    assert "its folder does not exist" in failure(call, "reset", "05.1")


def test_a_file_of_the_learners_that_cannot_be_read_is_named(call, practice):
    call("course", "start", "05.1")
    error = PermissionError(errno.EACCES, "Permission denied", str(practice / FILE))
    with mock.patch("pathlib.Path.read_bytes", side_effect=error):
        said = failure(call, "solution", "05.1", "--anyway")
    assert "say_hello.py: Permission denied. Give yourself the right" in said


def test_a_stream_that_fails_is_no_file_of_the_learners(call, practice):
    with (
        mock.patch("django.core.management.base.OutputWrapper.write", side_effect=BrokenPipeError),
        pytest.raises(BrokenPipeError),
    ):
        call("course")


@pytest.mark.parametrize("content", [b"\x00\xff", "print('ä')".encode("utf-16")])
def test_the_solution_is_shown_beside_a_file_that_is_no_text(call, practice, content):
    call("course", "start", "05.1")
    (practice / FILE).write_bytes(content + b"\x1b[2J")
    assert "\x1b" not in call("course", "solution", "05.1", "--anyway")
    assert "It is polite." in call.stdout


def test_the_solution_is_shown_where_a_folder_has_the_files_name(call, practice):
    (practice / FILE).mkdir(parents=True)
    assert "It is polite." in call("course", "solution", "05.1", "--anyway")


@pytest.mark.parametrize("action", ["start", "check", "hint", "solution", "reset"])
def test_an_action_without_an_exercise_names_the_likely_one(call, practice, action):
    assert f"For example: python manage.py course {action} 05.1" in failure(call, action)
    call("course", "start", "05.2")
    assert f"For example: python manage.py course {action} 05.2" in failure(call, action)


def test_an_action_without_an_exercise_has_an_example_when_all_are_solved(call, practice, finds):
    finds("solved", True, True)
    for name in ("05.1", "05.2"):
        call("course", "start", name)
        call("course", "check", name)
    assert "For example: python manage.py course check 05.1" in failure(call, "check")


@pytest.mark.parametrize("name", ["05.1", "5.1", "say_hello"])
def test_an_exercise_has_a_number_and_a_key(root, name):
    assert find_exercise(name, root).key == "say_hello"


def test_a_key_that_is_almost_right_is_recognized(call, practice):
    assert "Did you mean say_hello? To list them:" in failure(call, "check", "say_helo")


def test_an_unknown_name_is_shown_in_a_form_that_no_terminal_obeys(call, practice):
    assert r"'\x1b[2J'" in failure(call, "check", "\x1b[2J")


def test_options_of_django_can_stand_at_the_end(manage):
    done = manage("course", "list", "-v", "0")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_program_reads_where_the_learner_is(call, practice, finds):
    call("course", "start", "05.1")
    finds("solved", True, True)
    call("course", "check", "05.1")
    assert json.loads(call("course", "--format", "json")) == {
        "solved": 1,
        "of": 2,
        "grown": [],
        "next": {
            "exercise": "05.2",
            "title": "Test it",
            "command": "python manage.py course start 05.2",
        },
    }


def test_a_format_before_the_action_counts_too(call, practice):
    assert len(json.loads(call("course", "--format", "json", "list"))) == 2


@pytest.mark.posix
def test_a_closed_pipe_ends_it_quietly(manage):
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb") as pipe:  # noqa: PTH123 - a descriptor
        done = manage("course", "list", stdout=pipe)
    assert (done.returncode, done.stderr) == (141, "")


def test_the_help_lists_what_learners_need_and_names_the_rest_last(call, practice, capsys):
    with pytest.raises(SystemExit):
        call("course", "--help")
    listed, last = capsys.readouterr().out.split("actions:")[1].split("\n\nTo add an exercise")
    assert "watch" in listed
    assert "dev-check" not in listed
    assert "dev-check" in last


def test_a_fault_of_files_elsewhere_names_them(tmp_path):
    from shared_project.course.progress import explained

    said = str(explained(OSError(errno.EIO, "I/O error"), Path("a\nb")))
    assert said == r"a\nb: I/O error."
