"""The command `course`, on two exercises made for these tests."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from shared_project.course import progress, verdicts
from shared_project.course.checking import Expectation, Verdict
from shared_project.course.exercises import exercises, find_exercise
from shared_project.course.kit import LoadError, StillRunning, UnmetError
from shared_project.course.management.commands import course as command

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOML = '''
[[exercise]]
number = 1
key = "say_hello"
title = "Say hello"
kind = "build"
minutes = 5
needs = "nothing"
task = """
Say hello.

In two paragraphs.
"""
hints = ["Write.", "Use stdout."]
why = "It is polite."

[[exercise.mistake]]
id = "says_goodbye"
fails = ["it_says_hello"]
says = "You say goodbye."

[[exercise]]
number = 2
key = "test_say_hello"
command = "say_hello"
title = "Test it"
kind = "test"
minutes = 5
bad = ["says_nothing"]
task = "Test it."
hints = ["Look."]
why = "A test must be able to fail."
'''
HELLO = """\
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    def handle(self, *args, **options):
        self.stdout.write({!r})
"""


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "course/chapters/05/exercises"
    for path, text in {
        "say_hello/starter.py": HELLO.format(""),
        "say_hello/solution.py": HELLO.format("hello"),
        "say_hello/expectations.py": "def test_it_says_hello(run): pass\ndef test_once(): pass\n",
        "test_say_hello/starter.py": "",
        "test_say_hello/good.py": HELLO.format("hello"),
        "test_say_hello/bad/says_nothing.py": HELLO.format(""),
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (folder.parent / "exercises.toml").write_text(TOML)
    return tmp_path / "course"


@pytest.fixture
def practice(root, settings, monkeypatch):
    """The learner's folder. What a check finds is what the test sets as `verdict`."""
    settings.PRACTICE_DIR = root / "practice"
    for module in (command, verdicts):
        monkeypatch.setattr(module, "exercises", lambda: exercises(root))
    monkeypatch.setattr(command, "find_exercise", lambda name: find_exercise(name, root))
    return settings.PRACTICE_DIR


@pytest.fixture
def finds(monkeypatch):
    """Let each check find this outcome."""

    def finds(outcome, *held, error=None, mistake=None):
        def of(exercise, practice):
            lines = [
                Expectation(name, text, one, error if one is False else None)
                for (name, text), one in zip(exercise.expectations.items(), held, strict=True)
            ]
            found = next((one for one in exercise.mistakes if one.id == mistake), None)
            return Verdict(outcome, lines, found, "what pytest printed")

        monkeypatch.setattr(verdicts, "of", of)

    return finds


FILE = "management/commands/say_hello.py"


def test_at_first_nothing_is_solved(call, practice):
    stdout = call("course")
    assert "0 of 2 exercises solved." in stdout
    assert "course start 05.1" in stdout


def test_start_writes_the_starter_and_says_what_must_hold(call, practice):
    stdout = call("course", "start", "05.1")
    assert (practice / FILE).read_text() == HELLO.format("")
    assert (practice / "__init__.py").exists()
    assert "Say hello.\n\nIn two paragraphs." in stdout
    assert "It needs nothing." in stdout
    assert "   2  once\n" in stdout
    assert "course check 05.1" in call("course")


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


def test_an_exercise_that_has_changed_says_so_and_keeps_the_file(call, practice, root):
    call("course", "start", "05.1")
    expectations = root / "chapters/05/exercises/say_hello/expectations.py"
    expectations.write_text(expectations.read_text() + "def test_new(): pass\n")
    assert "has changed since you started it" in call("course", "start", "05.1")


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


def test_what_was_solved_stays_solved(call, practice, finds):
    call("course", "start", "05.1")
    finds("solved", True, True)
    call("course", "check", "05.1")
    finds("unmet", False, True)
    with pytest.raises(SystemExit):
        call("course", "check", "05.1")
    assert json.loads(call("course", "list", "--format", "json"))[0]["solved"]


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
    error = LoadError("There is no say_hello.py in it.")
    error.__cause__ = cause
    return error


def test_a_file_that_is_not_there_is_named(call, practice, finds):
    call("course", "start", "05.1")
    finds("broken", False, False, error=broken())
    with pytest.raises(SystemExit):
        call("course", "check", "05.1")
    assert "There is no say_hello.py" in call.stdout


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def x(:", "say_hello.py, line 1: invalid syntax\n    def x(:\n          ^"),
        ("import json\n1 / 0", "say_hello.py, line 2: ZeroDivisionError: division by zero"),
    ],
)
def test_a_file_that_does_not_load_has_its_line(call, practice, finds, source, said):
    try:
        exec(compile(source, "/there/say_hello.py", "exec"))
    except Exception as error:
        cause = error
    call("course", "start", "05.1")
    finds("broken", False, False, error=broken(cause))
    with pytest.raises(SystemExit):
        call("course", "check", "05.1")
    assert said in call.stdout


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
    assert call("course", "hint", "05.1") == "1. Write.\n\n1 left.\n"
    assert call("course", "hint", "05.1") == "2. Use stdout.\n\nThat was the last one.\n"
    assert call("course", "hint", "05.1") == "2. Use stdout.\n\nThat was the last one.\n"
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
    assert (practice / FILE).read_text() == HELLO.format("")


def test_reset_keeps_the_learners_file(call, practice):
    call("course", "start", "05.1")
    (practice / FILE).write_text("mine")
    call("course", "reset", "05.1")
    (practice / FILE).write_text("mine too")
    call("course", "reset", "05.1")
    assert (practice / FILE).read_text() == HELLO.format("")
    assert {file.read_text() for file in (practice / "backup").iterdir()} == {"mine", "mine too"}


def test_reset_writes_a_starter_that_was_deleted(call, practice):
    call("course", "start", "05.1")
    (practice / FILE).unlink()
    call("course", "reset", "05.1")
    assert (practice / FILE).exists()


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


@pytest.mark.parametrize("content", [b"\xff", b"[", b"a = 1", b"[say_hello]\nchecks = 'many'"])
def test_a_progress_that_cannot_be_read_is_set_aside(call, practice, content):
    practice.mkdir(parents=True)
    (practice / "progress.toml").write_bytes(content)
    assert "0 of 2" in call("course")
    assert "could not be read" in call.stderr
    (aside,) = (practice / "backup").iterdir()
    assert aside.read_bytes() == content


def test_two_files_set_aside_in_one_second_are_both_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "datetime", SimpleNamespace(now=lambda: NOON))
    kept = []
    for text in ("first", "second", "third"):
        file = tmp_path / "practice/hello.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        kept.append(progress.set_aside(file))
    assert [file.read_text() for file in kept] == ["first", "second", "third"]


def test_keys_that_the_course_no_longer_has_are_kept(call, practice):
    practice.mkdir(parents=True)
    (practice / "progress.toml").write_text("[gone]\nsolved = true\n")
    call("course", "start", "05.1")
    assert "[gone]" in (practice / "progress.toml").read_text()


def test_a_full_disk_leaves_the_old_progress(call, practice, monkeypatch):
    call("course", "start", "05.1")
    before = (practice / "progress.toml").read_text()

    def full(*args, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(CommandError, match=r"progress\.toml: No space"):
        call("course", "hint", "05.1")
    monkeypatch.undo()
    assert (practice / "progress.toml").read_text() == before
    assert not list(practice.glob(".*"))


def test_code_can_ask_where_the_learner_is(practice, capsys):
    call_command("course")
    assert "exercises solved" in capsys.readouterr().out
