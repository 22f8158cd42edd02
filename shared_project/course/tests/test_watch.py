"""`course watch`: a check each time the learner's file has changed."""

import signal
import sys

import pytest
from django.core.management.base import CommandError

from shared_project.course.management.commands import course as command
from shared_project.course.tests.samples import FILE
from shared_project.course.watching import Watcher


@pytest.fixture
def later(monkeypatch):
    """Let each wait of the watcher do the next of these things first; Ctrl-C when all are done."""

    def later(*things):
        waiting = list(things)

        def wait(watcher, state, before):
            if not waiting:
                raise KeyboardInterrupt
            waiting.pop(0)()
            assert state() != before

        monkeypatch.setattr(Watcher, "wait", wait)

    return later


def watch(call, *args):
    """Watch until Ctrl-C; return what was printed."""
    with pytest.raises(SystemExit) as stop:
        call("course", "watch", *args)
    assert stop.value.code == 130
    assert call.stderr == ""
    return call.stdout


def test_a_file_is_checked_at_once_and_after_each_change(call, practice, finds, later):
    call("course", "start", "05.1")
    finds("unmet", False, True)
    later(lambda: (practice / FILE).write_text("mine"))
    assert watch(call, "05.1").count("FAILS  it says hello") == 2


def test_it_ends_once_the_exercise_is_solved(call, practice, finds, later):
    def solve():
        (practice / FILE).write_text("mine")
        finds("solved", True, True)

    call("course", "start", "05.1")
    finds("unmet", False, True)
    later(solve)
    assert "All 2 hold. Solved in 2 checks" in call("course", "watch", "05.1")
    assert "Next: python manage.py course start 05.2" in call.stdout


def test_without_an_exercise_it_takes_the_one_that_was_started_last(call, practice, finds, later):
    call("course", "start", "05.2")
    call("course", "start", "05.1")
    finds("unmet", False, True)
    later()
    assert "05.1 Say hello" in watch(call)
    call("course", "start", "05.2")
    assert "05.2 Test it" in watch(call)


def test_without_an_exercise_it_goes_on_with_the_next_one(call, practice, finds, later):
    def start_the_next():
        call("course", "start", "05.2")
        finds("unmet", False, True)

    call("course", "start", "05.1")
    finds("solved", True, True)
    later(lambda: None, start_the_next)
    stdout = watch(call)
    assert stdout.index("All 2 hold.") < stdout.index("Next: python manage.py course start 05.2")
    assert stdout.index("Start the next one in another terminal") < stdout.index("05.2 Test it")


def test_of_several_files_each_is_watched(practice, root, call):
    folder = root / "chapters/05/exercises/say_hello"
    for version in ("starter", "solution"):
        (folder / version / "management/commands").mkdir(parents=True)
        (folder / f"{version}.py").rename(folder / version / FILE)
    (folder / "solution/management/commands/_words.py").write_text("")
    call("course", "start", "05.1")
    exercise = command.find_exercise("05.1")
    before = command.contents(practice, exercise)
    (practice / FILE).with_name("_words.py").write_text("mine")
    assert len(command.contents(practice, exercise)) == len(before) + 1


def test_a_file_that_is_being_replaced_is_none(practice, call):
    call("course", "start", "05.1")
    (practice / FILE).unlink()
    assert command.contents(practice, command.find_exercise("05.1")) == {}


def test_what_is_not_started_says_how_to_start(call, practice, finds):
    with pytest.raises(CommandError, match=r"Run: python manage\.py course start 05\.1"):
        call("course", "watch", "05.1")
    with pytest.raises(CommandError, match=r"Run: python manage\.py course start 05\.1"):
        call("course", "watch")
    finds("solved", True, True)
    for name in ("05.1", "05.2"):
        call("course", "start", name)
        call("course", "check", name)
    with pytest.raises(CommandError, match="All are solved"):
        call("course", "watch")


def test_where_the_watcher_is_not_installed_one_line_says_what_to_do(call, practice, monkeypatch):
    monkeypatch.delitem(sys.modules, "shared_project.course.watching")
    monkeypatch.setitem(sys.modules, "watchdog.events", None)
    with pytest.raises(CommandError, match=r"each change, run: .* course check 05\.1"):
        call("course", "watch", "05.1")
    with pytest.raises(CommandError, match="needs the package watchdog"):
        call("course", "watch")


def test_another_module_that_is_missing_is_a_bug(call, practice, monkeypatch):
    monkeypatch.setitem(sys.modules, "shared_project.course.watching", None)
    with pytest.raises(ModuleNotFoundError):
        call("course", "watch", "05.1")


def test_a_change_is_seen(tmp_path, threads):
    file, number = tmp_path / "a.py", 0
    file.write_text("0")
    with Watcher(tmp_path) as watcher:
        # The first look may come after the first change.
        while not watcher._changed.wait(0.5):
            number += 1
            file.write_text(str(number))
    assert number


def test_it_waits_as_long_as_nothing_has_changed(tmp_path, threads):
    states = iter("aab")
    with Watcher(tmp_path) as watcher:
        watcher._changed.set()
        watcher.wait(lambda: next(states), "a")
    assert next(states, "none left") == "none left"


@pytest.mark.posix
@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.full)],
)
def test_a_signal_ends_it_quietly_and_leaves_the_terminal_as_it_was(manage, number, code):
    env = {"DJANGO_PRACTICE_DIR": str(manage.folder / "practice")}
    manage("course", "start", "05.1", env=env)
    done = manage.terminal("course", "watch", keys=[("course hint 05.1", number)], env=env)
    assert done.returncode == code
    assert "Traceback" not in done.stdout
    assert done.stdout.split("course hint 05.1")[1].strip() == ""
    assert done.stdout.endswith("\r\n")
