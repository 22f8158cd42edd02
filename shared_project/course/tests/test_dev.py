"""What contributors use: `course new` and `course dev-check`."""

import tomllib
from unittest import mock

import pytest
from django.core.management.base import CommandError

from shared_project.course import dev
from shared_project.course.exercises import Mistake
from shared_project.course.tests.samples import HELLO, SAYS_HELLO


@pytest.fixture
def new(practice, root, monkeypatch):
    """`course new` and `course dev-check` work on the course of these tests."""
    monkeypatch.setattr(dev, "ROOT", root)
    return root / "chapters"


def test_new_makes_an_exercise_that_says_what_is_still_to_write(call, new, db):
    assert "Made chapters/05/exercises/take_stock/starter.py" in call(
        "course", "new", "05", "take_stock"
    )
    with pytest.raises(CommandError, match=r"7 things to do\. CONTRIBUTING\.md says how"):
        call("course", "dev-check", "05.3")
    for said in ("title is empty", "minutes is 0", "a hint is empty", "no mistake"):
        assert f"05.3 take_stock: {said}" in call.stdout
    assert "expectations.py has no test" in call.stdout


def test_new_makes_the_first_exercise_of_a_chapter_and_adds_the_next_ones(call, new):
    (new / "10").mkdir()
    call("course", "new", "10", "take_stock")
    call("course", "new", "10", "count_stock")
    found = tomllib.loads((new / "10/exercises.toml").read_text())["exercise"]
    assert [(one["number"], one["key"]) for one in found] == [
        (1, "take_stock"),
        (2, "count_stock"),
    ]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("77", "take_stock"), "There is no folder chapters/77"),
        (("05", "take-stock"), "'take-stock' is no name of a command"),
        (("05", "class"), "'class' is no name of a command"),
        (("05", "say_hello"), "an exercise say_hello already"),
        (("05", "flush"), "a command or an exercise flush already"),
    ],
)
def test_new_refuses_what_cannot_be(call, new, args, said):
    with pytest.raises(CommandError, match=said) as raised:
        call("course", "new", *args)
    assert raised.value.returncode == 2


def test_dev_check_says_that_nothing_is_wrong(call, new, monkeypatch, db):
    monkeypatch.setattr(dev, "problems", mock.Mock(return_value=[]))
    assert call("course", "dev-check") == (
        "05.1 say_hello: nothing is wrong\n05.2 test_say_hello: nothing is wrong\n"
    )


def test_dev_check_counts_the_things_to_do(call, new, monkeypatch, db):
    monkeypatch.setattr(dev, "problems", mock.Mock(return_value=["why is empty"]))
    with pytest.raises(CommandError, match="1 thing to do"):
        call("course", "dev-check", "05.1")


def test_a_learners_test_needs_a_good_command_and_bad_ones(exercise, shop):
    found = [*dev.problems(exercise(kind="test", bad=("says_nothing",)), shop)]
    assert "there is no good.py" in found
    assert "there is no bad/says_nothing.py" in found
    assert any(one.startswith("bad is empty") for one in dev.problems(exercise(kind="test"), shop))


def test_an_exercise_without_a_fault_has_no_problems(exercise, shop):
    mistake = Mistake("silent", "You say nothing.", ("it_says_hello",))
    files = {"wrong/silent.py": HELLO.format("pass"), "also_print.py": SAYS_HELLO}
    assert not [*dev.problems(exercise(files, mistakes=(mistake,)), shop)]


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
    found = "\n".join(dev.problems(bad, shop))
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
    assert "wrong/silent" not in "\n".join(dev.problems(bad, shop, few=True))


def test_a_starter_that_does_not_load_is_a_fault(exercise, shop):
    found = "\n".join(dev.problems(exercise({"starter.py": "def x(:"}), shop))
    assert "the starter: broken" in found
