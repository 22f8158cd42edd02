"""Exercises made for the tests of the course."""

import pytest

from shared_project.course import verdicts
from shared_project.course.checking import Expectation, Shop, Verdict
from shared_project.course.exercises import Exercise, exercises, find_exercise
from shared_project.course.management.commands import course as command
from shared_project.course.tests.samples import (
    EXPECTATIONS,
    FIELDS,
    GREETING,
    HELLO,
    SAYS_HELLO,
    TOML,
)


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
def root(tmp_path):
    folder = tmp_path / "course/chapters/05/exercises"
    for path, text in {
        "say_hello/starter.py": GREETING.format(""),
        "say_hello/solution.py": GREETING.format("hello"),
        "say_hello/expectations.py": "def test_it_says_hello(run): pass\ndef test_once(): pass\n",
        "test_say_hello/starter.py": "",
        "test_say_hello/good.py": GREETING.format("hello"),
        "test_say_hello/bad/says_nothing.py": GREETING.format(""),
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
        def of(exercise, practice, tracebacks):
            lines = [
                Expectation(name, text, one, error if one is False else None)
                for (name, text), one in zip(exercise.expectations.items(), held, strict=True)
            ]
            found = next((one for one in exercise.mistakes if one.id == mistake), None)
            return Verdict(outcome, lines, found, "what pytest printed")

        monkeypatch.setattr(verdicts, "of", of)

    return finds
