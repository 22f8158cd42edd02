"""What a check says of files of every kind, with exercises made for these tests."""

import datetime
import os
import signal
import threading
from pathlib import Path

import pytest

from shared_project.course import kit
from shared_project.course.checking import ENVIRONMENT, Shop, check
from shared_project.course.dev import check_version, describe, problems
from shared_project.course.exercises import Exercise, Mistake, find_exercise
from shared_project.course.kit import Clock, limited_work

HELLO = """\
import sys
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    def handle(self, *args, **options):
        {}
"""
SAYS_HELLO = HELLO.format('self.stdout.write("hello")')
EXPECTATIONS = """\
def test_it_says_hello(run, expect):
    ran = run()
    expect(ran, "stdout", ran.stdout, "hello\\n")


def test_it_ends_well(run):
    run.ok()
"""
TEST = """\
from io import StringIO
from django.core.management import call_command


def test_hello():
    stdout = StringIO()
    call_command("say_hello", stdout=stdout)
    assert stdout.getvalue()
"""
FIELDS = {
    "chapter": "05",
    "number": 1,
    "key": "say_hello",
    "title": "Say hello",
    "kind": "build",
    "minutes": 5,
    "task": "Say hello.",
    "hints": ("Write.",),
    "why": "It is polite.",
}


@pytest.fixture(scope="module")
def shop(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), Shop() as shop:
        yield shop


@pytest.fixture
def exercise(tmp_path):
    """Return a function that makes an exercise of these files."""

    def make(files=(), **fields):
        defaults = {
            "starter.py": HELLO.format("pass"),
            "solution.py": SAYS_HELLO,
            "expectations.py": EXPECTATIONS,
        }
        for name, text in {**defaults, **dict(files)}.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return Exercise(**{**FIELDS, "folder": tmp_path, **fields})

    return make


@pytest.fixture
def verdict_of(exercise, shop):
    """Check one file of a learner's."""

    def verdict_of(text, **options):
        return check_version(exercise({"mine.py": text}, **options), "mine", shop)

    return verdict_of


def test_a_solution_is_solved_and_a_starter_unmet(exercise, shop):
    assert check_version(exercise(), "solution", shop).outcome == "solved"
    verdict = check_version(exercise(), "starter", shop)
    assert (verdict.outcome, verdict.held, verdict.first.name) == ("unmet", 1, "it_says_hello")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def x(:", "invalid syntax"),
        ("import nothing_there", "nothing_there"),
        ("", "class Command"),
    ],
)
def test_a_file_that_does_not_load_is_broken(verdict_of, text, said):
    verdict = verdict_of(text)
    assert verdict.outcome == "broken"
    assert said in str(verdict.first.error)


def test_a_file_that_does_not_load_is_broken_for_code_that_calls_it_too(exercise, shop):
    files = {"expectations.py": "def test_it(run): run.call()\n", "mine.py": "def x(:"}
    assert check_version(exercise(files), "mine", shop).outcome == "broken"


def test_a_file_that_is_not_there_is_broken(exercise, shop, tmp_path):
    verdict = check(exercise(), tmp_path / "practice", shop)
    assert verdict.outcome == "broken"
    assert "There is no say_hello.py" in str(verdict.first.error)


@pytest.mark.parametrize("text", [HELLO.format("while True: pass"), "while True: pass"])
def test_an_endless_loop_is_stopped_and_nothing_after_it_counts(verdict_of, monkeypatch, text):
    monkeypatch.setattr(kit, "SECONDS_OF_WORK", 0.2)
    verdict = verdict_of(text)
    assert verdict.outcome == "endless"
    assert [one.held for one in verdict.expectations] == [False, None]


def test_a_fixture_that_breaks_is_the_courses_fault(exercise, shop):
    text = "import pytest\n@pytest.fixture\ndef bad(): 1 / 0\ndef test_it(bad): pass\n"
    verdict = check_version(exercise({"expectations.py": text}), "solution", shop)
    assert verdict.outcome == "fault"
    assert "ZeroDivisionError" in describe(verdict)


def test_an_exit_with_a_text_is_exit_code_1(exercise, shop):
    text = (
        "def test_it(run, expect):\n    ran = run()\n"
        "    expect(ran, 'ending', (ran.code, ran.stderr), (1, 'gone\\n'))\n"
    )
    files = {"expectations.py": text, "mine.py": HELLO.format("sys.exit('gone')")}
    assert check_version(exercise(files), "mine", shop).outcome == "solved"


def test_the_environment_of_pytest_is_put_back(exercise, shop, monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    monkeypatch.delenv("PYTEST_PLUGINS", raising=False)
    assert check_version(exercise(), "solution", shop).outcome == "solved"
    assert os.environ["PYTEST_ADDOPTS"] == "--no-such-option"
    assert not {"PYTEST_PLUGINS"} & os.environ.keys() & ENVIRONMENT.keys()


def learners_test(exercise, text):
    return exercise(
        {"starter.py": text, "solution.py": TEST, "good.py": SAYS_HELLO,
         "bad/says_nothing.py": HELLO.format("pass")},
        kind="test", key="test_say_hello", command="say_hello", bad=("says_nothing",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "outcome", "held"),
    [
        (TEST, "solved", [True, True]),
        (TEST.replace("assert stdout", "assert not stdout"), "unmet", [False, False]),
        (TEST.replace("    assert stdout.getvalue()\n", ""), "unmet", [True, False]),
        ("", "broken", [False, None]),
        ("def x(:", "broken", [False, None]),
        ("def test_it(nothing_there): pass", "broken", [False, None]),
        (TEST.replace("test_hello()", "test_hello(settings)"), "solved", [True, True]),
    ],
)
def test_a_test_of_the_learners_is_tried_on_each_command(exercise, shop, text, outcome, held):
    verdict = check_version(learners_test(exercise, text), "starter", shop)
    assert verdict.outcome == outcome
    assert [one.held for one in verdict.expectations] == held


def test_an_exercise_without_a_fault_has_no_problems(exercise, shop):
    mistake = Mistake("silent", "You say nothing.", ("it_says_hello",))
    files = {"wrong/silent.py": HELLO.format("pass"), "also_print.py": SAYS_HELLO}
    assert not [*problems(exercise(files, mistakes=(mistake,)), shop)]


def test_every_fault_of_an_exercise_is_named(exercise, shop):
    silent = Mistake("silent", " ", ("it_says_nothing",))
    unseen = Mistake("unseen", "You are not seen.", ("it_says_hello",))
    files = {
        "starter.py": SAYS_HELLO,
        "solution.py": HELLO.format("pass"),
        "wrong/silent.py": HELLO.format("pass"),
        "wrong/unknown.py": SAYS_HELLO,
    }
    bad = exercise(files, title="", hints=(" ",), mistakes=(silent, unseen))
    found = "\n".join(problems(bad, shop))
    for said in (
        "title is empty",
        "a hint is empty",
        "the mistake silent says nothing",
        "names it_says_nothing, which is no expectation",
        "the starter is a solution",
        "solution is no solution: unmet",
        "wrong/silent: the hint is unseen",
        "wrong/unknown: the hint is None",
        "no file shows the mistake unseen",
    ):
        assert said in found
    assert "wrong/silent" not in "\n".join(problems(bad, shop, few=True))


def test_a_starter_that_does_not_load_is_a_fault(exercise, shop):
    assert "the starter: broken" in "\n".join(problems(exercise({"starter.py": "def x(:"}), shop))


def test_work_is_not_limited_where_no_signal_can_be_heard(monkeypatch):
    def work():
        with limited_work(0.0001):
            done.append(True)

    done = []
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    monkeypatch.delattr(signal, "setitimer")
    work()
    monkeypatch.undo()

    def fail(*args):
        raise OSError

    monkeypatch.setattr(signal, "setitimer", fail)
    work()
    assert done == [True] * 3


def test_the_kits_clock_makes_real_datetimes(monkeypatch):
    clock = Clock(monkeypatch)
    before = datetime.datetime.now(datetime.UTC)
    clock.advance(60)
    assert datetime.datetime.now(datetime.UTC) - before == datetime.timedelta(seconds=60)
    assert datetime.datetime.now().tzinfo is None  # noqa: DTZ005
    moment = datetime.datetime(2026, 3, 1)  # noqa: DTZ001
    assert isinstance(moment, datetime.datetime)
    assert issubclass(type(moment), datetime.datetime)


@pytest.mark.posix
def test_a_learner_starts_checks_and_solves(manage):
    folder = manage.folder / "there" / "practice"
    env = {"DJANGO_PRACTICE_DIR": str(folder), "PYTEST_ADDOPTS": "-q"}
    exercise = find_exercise("05.1")
    assert manage("course", "start", "05.1", env=env).returncode == 0
    done = manage("course", "check", "05.1", env=env)
    assert (done.returncode, done.stderr) == (1, "")
    assert "This is still the starter." in done.stdout
    for path, source in exercise.files("solution").items():
        (folder / path).write_bytes(Path(source).read_bytes())
    done = manage("course", "check", "05.1", env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Solved in 2 checks, 0 hints." in done.stdout
    assert "check_emails" in manage("help", env=env).stdout
