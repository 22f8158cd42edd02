"""What a check says of files of every kind, with exercises made for these tests."""

import gc
import os
import signal
from pathlib import Path

import pytest

from shared_project.course import checking, kit
from shared_project.course.checking import ENVIRONMENT, check
from shared_project.course.dev import check_version, describe
from shared_project.course.exercises import find_exercise
from shared_project.course.tests.samples import HELLO, SAYS_HELLO, TEST, TESTCASE


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
    assert "There is no file say_hello.py" in str(verdict.first.error)


@pytest.mark.parametrize("content", [b"\x00", b"\xff\xfeh\x00", b"# coding: nothing\n"])
def test_a_file_that_is_no_text_is_broken(exercise, shop, tmp_path, content):
    made = exercise()
    (tmp_path / "mine.py").write_bytes(content)
    verdict = check_version(made, "mine", shop)
    assert verdict.outcome == "broken"
    assert "is not text in UTF-8" in str(verdict.first.error)


def test_a_file_that_cannot_be_read_is_broken(exercise, shop, tmp_path):
    (tmp_path / "practice/management/commands").mkdir(parents=True)
    (tmp_path / "practice/management/commands/say_hello.py").symlink_to("say_hello.py")
    verdict = check(exercise(), tmp_path / "practice", shop)
    assert "say_hello.py: Too many levels of symbolic links." in str(verdict.first.error)


def test_a_file_that_ends_python_is_broken(verdict_of):
    verdict = verdict_of("import sys\nsys.exit(3)\n")
    assert verdict.outcome == "broken"
    assert isinstance(verdict.first.error.__cause__, SystemExit)


@pytest.mark.parametrize(
    ("name", "ending"), [("SIGINT", KeyboardInterrupt), ("SIGTERM", SystemExit)]
)
@pytest.mark.posix
def test_a_signal_ends_the_check_whatever_the_learners_file_makes_of_it(verdict_of, name, ending):
    kill = f"import os, signal; os.kill(os.getpid(), signal.{name})"
    for line in (kill, f"try: exec({kill!r})\n        except BaseException: pass"):
        with pytest.raises(ending):
            verdict_of(HELLO.format(line))
    assert verdict_of(SAYS_HELLO).outcome == "solved"


@pytest.mark.posix
def test_a_second_signal_ends_a_loop_that_swallows_the_first(verdict_of, monkeypatch):
    class EndedError(BaseException):
        pass

    def end(code):
        codes.append(code)
        raise EndedError

    codes = []
    monkeypatch.setattr(os, "_exit", end)
    line = "import os, signal; os.kill(os.getpid(), signal.SIGINT)"
    twice = f"try: exec({line!r})\n        except BaseException: exec({line!r})"
    with pytest.raises(KeyboardInterrupt):
        verdict_of(HELLO.format(twice))
    assert codes == [130]


@pytest.mark.posix
def test_a_signal_between_pytest_and_the_check_ends_it_too():
    with pytest.raises(KeyboardInterrupt), checking._signals_end_it([]):
        signal.raise_signal(signal.SIGINT)


def test_the_garbage_collector_is_left_as_it_was(exercise, shop):
    for collects in (False, True):
        (gc.enable if collects else gc.disable)()
        check_version(exercise(), "solution", shop)
        assert gc.isenabled() == collects


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


def test_a_fixture_that_is_not_there_is_named(exercise, shop):
    verdict = check_version(
        learners_test(exercise, "def test_it(nothing_there): pass"), "starter", shop
    )
    assert verdict.outcome == "broken"
    assert str(verdict.first.error) == "There is no fixture nothing_there."


def test_a_test_that_is_not_there_is_broken(exercise, shop, tmp_path):
    verdict = check(learners_test(exercise, TEST), tmp_path / "practice", shop)
    assert "There is no file test_say_hello.py" in str(verdict.first.error)


@pytest.mark.parametrize("text", ["while True: pass", "def test_it():\n    while True: pass"])
def test_a_test_that_never_ends_is_stopped(exercise, shop, monkeypatch, text):
    monkeypatch.setattr(checking, "limited_work", lambda: kit.limited_work(0.2))
    verdict = check_version(learners_test(exercise, text), "starter", shop)
    assert verdict.outcome == "endless"
    assert [one.held for one in verdict.expectations] == [False, None]


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
        ("import nothing_there", "broken", [False, None]),
        ("import pytest\n@pytest.mark.skip\ndef test_it(): pass", "broken", [False, None]),
        ("import pytest\ndef test_it(): pytest.skip()", "broken", [False, None]),
        (TEST.replace("test_hello()", "test_hello(settings)"), "solved", [True, True]),
        (TESTCASE, "solved", [True, True]),
    ],
)
def test_a_test_of_the_learners_is_tried_on_each_command(exercise, shop, text, outcome, held):
    verdict = check_version(learners_test(exercise, text), "starter", shop)
    assert verdict.outcome == outcome
    assert [one.held for one in verdict.expectations] == held


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
