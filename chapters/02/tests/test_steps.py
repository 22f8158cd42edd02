"""Each step does what the page says, and fails as the page says."""

import pytest
from django.core.management.base import CommandError

FORGED = "Ada!\nAll checks passed"


@pytest.mark.parametrize("number", [1, 2, 3])
def test_every_step_greets_as_often_as_told(call, step, number):
    assert call(step(number), "Ada", "3") == "Hello, Ada!\n" * 3


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("times", ["three", "1.5", ""])
def test_every_step_refuses_what_is_no_whole_number(call, step, number, times):
    with pytest.raises(CommandError, match="argument times: invalid"):
        call(step(number), "Ada", times)


@pytest.mark.parametrize("times", ["0", "-3"])
def test_step_1_takes_a_number_below_1_and_says_nothing(call, step, times):
    assert call(step(1), "Ada", times) == ""


@pytest.mark.parametrize("number", [2, 3])
@pytest.mark.parametrize("times", ["0", "-3", "1001"])
def test_later_steps_refuse_a_number_out_of_bounds(call, step, number, times):
    with pytest.raises(CommandError, match=f"times: must be from 1 to 1000, not {times}"):
        call(step(number), "Ada", times)


@pytest.mark.parametrize("number", [2, 3])
def test_later_steps_take_the_bounds_themselves(call, step, number):
    assert call(step(number), "Ada", "1") == "Hello, Ada!\n"
    assert call(step(number), "Ada", "1000") == "Hello, Ada!\n" * 1000


def test_step_1_takes_a_number_as_large_as_may_be(step):
    parser = step(1).create_parser("manage.py", "step")
    assert parser.parse_args(["Ada", "9" * 30]).times == int("9" * 30)


@pytest.mark.parametrize("number", [1, 2])
def test_earlier_steps_let_a_name_forge_a_line(call, step, number):
    assert call(step(number), FORGED, "1") == "Hello, Ada!\nAll checks passed!\n"


@pytest.mark.parametrize("number", [1, 2])
def test_earlier_steps_let_a_name_steer_the_terminal(call, step, number):
    assert "\x1b[2J" in call(step(number), "\x1b[2JAda", "1")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (FORGED, r"Ada!\nAll checks passed"),
        ("\x1b[2JAda", r"\x1b[2JAda"),
        ("\u202eadA", r"\u202eadA"),
        ("\udcff", r"\udcff"),
        ("O'Hara 'Zoë' 李", "O'Hara 'Zoë' 李"),
    ],
)
def test_step_3_shows_what_a_terminal_would_obey(call, step, name, shown):
    assert call(step(3), name, "1") == f"Hello, {shown}!\n"


def test_step_3_takes_an_empty_name(call, step):
    assert call(step(3), "", "1") == "Hello, !\n"


@pytest.mark.parametrize("times", ["1_0", " 10 ", "\u0661\u0660"])
def test_step_3_takes_every_spelling_that_int_takes(call, step, times):
    assert call(step(3), "Ada", times) == "Hello, Ada!\n" * 10
