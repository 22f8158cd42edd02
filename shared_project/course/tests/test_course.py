"""The command `course`, on two exercises made for these tests."""

import json
from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from shared_project.course.kit import LoadError, MissingError, StillRunning, UnmetError
from shared_project.course.tests.samples import FILE, GREETING

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_at_first_nothing_is_solved(call, practice):
    stdout = call("course")
    assert "0 of 2 exercises solved." in stdout
    assert "course start 05.1" in stdout


def test_start_writes_the_starter_and_says_what_must_hold(call, practice):
    stdout = call("course", "start", "05.1")
    assert (practice / FILE).read_text() == GREETING.format("")
    assert (practice / "__init__.py").exists()
    assert "Say hello.\n\nIn two paragraphs." in stdout
    assert "It needs nothing." in stdout
    assert "   2  once\n" in stdout
    assert "course check 05.1" in call("course")


@pytest.mark.parametrize("action", ["check", "hint", "reset"])
def test_what_is_not_started_says_how_to_start(call, practice, action):
    with pytest.raises(CommandError, match=r"Run: python manage\.py course start 05\.1"):
        call("course", action, "05.1")


def test_an_unknown_exercise_is_a_wrong_command_line(call, practice):
    with pytest.raises(CommandError, match="course list") as raised:
        call("course", "start", "09.9")
    assert raised.value.returncode == 2


def test_a_check_that_finds_all_well_is_kept(call, practice, finds):
    call("course", "start", "05.1")
    finds("solved", True, True)
    stdout = call("course", "check", "05.1")
    assert "All 2 hold. Solved in 1 check, 0 hints." in stdout
    assert "course start 05.2" in stdout
    assert "1 of 2 exercises solved." in call("course")
    assert "05.1  solved " in call("course", "list")


def test_the_first_unmet_expectation_is_told_with_its_three_parts_and_a_hint(
    call, practice, finds
):
    call("course", "start", "05.1")
    finds("unmet", False, True, error=UnmetError("it", "this", "that"), mistake="says_goodbye")
    with pytest.raises(SystemExit) as stop:
        call("course", "check", "05.1")
    assert stop.value.code == 1
    assert "  FAILS  it says hello\n           ran       it\n" in call.stdout
    assert "           happened  that\n" in call.stdout
    assert "Of the 1 after it, 1 holds already." in call.stdout
    assert "Looks like this: You say goodbye." in call.stdout


def test_the_last_expectation_has_nothing_after_it(call, practice, finds):
    call("course", "start", "05.1")
    finds("unmet", True, False, error=ZeroDivisionError())
    with pytest.raises(SystemExit):
        call("course", "check", "05.1")
    assert "after it" not in call.stdout
    assert "happened  ZeroDivisionError" in call.stdout


@pytest.mark.parametrize(
    ("outcome", "said"),
    [("starter", "This is still the starter."), ("endless", "still running after 2 s of work")],
)
def test_other_outcomes_say_what_they_are(call, practice, finds, outcome, said):
    call("course", "start", "05.1")
    finds(outcome, False, None, error=StillRunning())
    with pytest.raises(SystemExit):
        call("course", "check", "05.1")
    assert said in call.stdout


def broken(cause=None):
    error = LoadError("There is no file say_hello.py in it.")
    error.__cause__ = cause
    return error


def test_a_file_that_is_not_there_is_named_with_what_writes_it(call, practice, finds):
    call("course", "start", "05.1")
    finds("broken", False, False, error=MissingError("There is no file say_hello.py in it."))
    with pytest.raises(SystemExit):
        call("course", "check", "05.1")
    assert "There is no file say_hello.py" in call.stdout
    assert "Next: put it there, or: python manage.py course reset 05.1" in call.stdout


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("if 1:\n  def x(:", "line 2: invalid syntax\n    def x(:\n          ^"),
        ("import json\n1 / 0", "line 2: ZeroDivisionError: division by zero\n    1 / 0\n"),
        ("import json\njson.loads(0)", "line 2: TypeError: the JSON object must be"),
    ],
)
def test_a_file_that_does_not_load_has_its_line(call, practice, finds, source, said):
    call("course", "start", "05.1")
    (practice / FILE).write_text(source)
    try:
        exec(compile(source, str(practice / FILE), "exec"))
    except Exception as error:
        cause = error
    finds("broken", False, False, error=broken(cause))
    with pytest.raises(SystemExit):
        call("course", "check", "05.1")
    assert f"practice/management/commands/say_hello.py, {said}" in call.stdout
    assert "Next: change the file, and: python manage.py course check 05.1" in call.stdout
    with pytest.raises(SystemExit):
        call("course", "check", "05.1", "--format", "json")
    assert said.splitlines()[0] in json.loads(call.stdout)["first"]["happened"]


def test_an_error_that_is_raised_elsewhere_has_its_place(call, practice, finds):
    try:
        exec(compile("1 / 0", "/elsewhere/other.py", "exec"))
    except Exception as error:
        cause = error
    call("course", "start", "05.1")
    finds("broken", False, False, error=broken(cause))
    with pytest.raises(SystemExit):
        call("course", "check", "05.1")
    assert "/elsewhere/other.py, line 1: ZeroDivisionError" in call.stdout


def test_a_syntax_error_without_a_text_has_no_caret(call, practice, finds):
    call("course", "start", "05.1")
    finds("broken", False, False, error=broken(SyntaxError("no text")))
    with pytest.raises(SystemExit):
        call("course", "check", "05.1")
    assert "no text" in call.stdout
    assert "^" not in call.stdout


def test_a_fault_of_the_course_is_not_the_learners(call, practice, finds):
    call("course", "start", "05.1")
    finds("fault", None, None)
    with pytest.raises(CommandError, match="your file is fine"):
        call("course", "check", "05.1", verbosity=2)
    assert "what pytest printed" in call.stderr
    assert "checks = 0" in (practice / "progress.toml").read_text()


def test_a_program_reads_the_verdict_as_json(call, practice, finds):
    call("course", "start", "05.1")
    finds("unmet", True, False, error=UnmetError("it", "this", "that"), mistake="says_goodbye")
    with pytest.raises(SystemExit):
        call("course", "check", "05.1", "--format", "json")
    report = json.loads(call.stdout)
    assert (report["held"], report["of"]) == (1, 2)
    assert report["first"]["name"] == "once"
    assert report["mistake"] == "says_goodbye"
    finds("solved", True, True)
    call("course", "check", "05.1", "--format", "json")
    assert json.loads(call.stdout)["first"] is None


def test_verbosity_0_prints_nothing(call, practice, finds):
    call("course", "start", "05.1", verbosity=0)
    finds("solved", True, True)
    assert call("course", "check", "05.1", verbosity=0) == ""


def test_hints_come_one_by_one_and_all_of_them_after_a_pass(call, practice, finds):
    call("course", "start", "05.1")
    assert call("course", "hint", "05.1").startswith("1. Write.\n\n1 left: ")
    assert "2. Use stdout.\n\nThat was the last one. " in call("course", "hint", "05.1")
    assert "2. Use stdout.\n\nThat was the last one. " in call("course", "hint", "05.1")
    finds("solved", True, True)
    call("course", "check", "05.1")
    assert call("course", "hint", "05.1") == "1. Write.\n2. Use stdout.\n"


def test_the_solution_comes_after_a_pass_or_when_asked_twice(call, practice):
    with pytest.raises(CommandError, match="You have 2 hints left"):
        call("course", "solution", "05.1")
    assert "write('hello')" in call("course", "solution", "05.1", "--anyway")
    assert "It is polite." in call.stdout
    assert "yours" not in call.stdout
    call("course", "start", "05.1")
    for _ in range(2):
        call("course", "hint", "05.1")
    with pytest.raises(CommandError, match="^To see it all the same"):
        call("course", "solution", "05.1")
    assert "-        self.stdout.write('')" in call("course", "solution", "05.1", "--anyway")
    assert (practice / FILE).read_text() == GREETING.format("")


def test_all_solved_is_said(call, practice, finds):
    for name in ("05.1", "05.2"):
        call("course", "start", name)
        finds("solved", True, True)
        call("course", "check", name)
    assert "That is all of them." in call("course")
    assert "course start" not in call.stdout.split("\n")[-2]


def test_progress_goes_from_one_place_to_another_in_one_line(call, practice, settings, finds):
    call("course", "start", "05.1")
    finds("solved", True, True)
    call("course", "check", "05.1")
    line = call("course", "export").strip()
    settings.PRACTICE_DIR = practice.parent / "elsewhere" / "practice"
    assert call("course", "import", line) == "1 exercise more solved.\n"
    assert call("course", "import", line) == "0 exercises more solved.\n"
    assert "1 of 2 exercises solved." in call("course")


@pytest.mark.parametrize("line", ["", "course-1:", "course-1:AAAA", "é", "course-1:eJwDAAAAAAE="])
def test_another_line_is_refused(call, practice, line):
    with pytest.raises(CommandError, match="not what `python manage.py course export` prints"):
        call("course", "import", line)


def test_code_can_ask_where_the_learner_is(practice, capsys):
    call_command("course")
    assert "exercises solved" in capsys.readouterr().out
