"""Each exercise of the course: its starter fails, its solution passes, its hints fit."""

import sys
from pathlib import Path

import pytest
from django.core.management import get_commands

from shared_project.course.checking import Shop
from shared_project.course.dev import problems
from shared_project.course.exercises import exercises


@pytest.fixture(scope="module")
def shop(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), Shop() as shop:
        yield shop


@pytest.fixture
def _untraced():
    """Without the tracing of coverage, half of the time is enough; test_kit.py covers the kit."""
    trace = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(trace)


@pytest.mark.posix
@pytest.mark.usefixtures("_untraced")
@pytest.mark.parametrize("exercise", exercises(), ids=lambda one: f"{one.name} {one.key}")
def test_an_exercise_has_nothing_wrong(exercise, shop, pytestconfig):
    # One wrong version shows that a hint is found; --full tries them all.
    found = [*problems(exercise, shop, few=not pytestconfig.getoption("full"))]
    assert not found, "\n".join(found)


def test_each_exercise_has_a_key_and_a_number_of_its_own():
    everything = exercises()
    assert len({one.key for one in everything}) == len({one.name for one in everything})
    assert len({one.key for one in everything}) == len(everything)


@pytest.mark.parametrize("exercise", exercises(), ids=lambda one: f"{one.name} {one.key}")
def test_an_exercise_takes_the_name_of_no_other_command(exercise):
    # 01.3 is about such an override.
    taken = {*get_commands()} - {"dumpdata"}
    assert not {Path(path).stem for path in exercise.paths if "/commands/" in path} & taken
