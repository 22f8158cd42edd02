"""Each step does what the page says, and fails as the page says."""

import pytest


@pytest.mark.parametrize("number", [1, 2])
def test_every_step_prints_the_greeting(call, step, number, capsys):
    stdout = call(step(number))
    assert stdout + capsys.readouterr().out == "Hello from Django!\n"


def test_step_1_prints_past_the_stream_it_is_given(call, step, capsys):
    assert call(step(1)) == ""
    assert capsys.readouterr().out == "Hello from Django!\n"


def test_step_2_writes_to_the_stream_it_is_given(call, step, capsys):
    assert call(step(2)) == "Hello from Django!\n"
    assert capsys.readouterr().out == ""


def test_only_step_2_says_what_it_is_for(step):
    assert step(1).help == ""
    assert "Say hello, to see that Django finds your commands." in (
        step(2).create_parser("manage.py", "step").format_help()
    )


@pytest.mark.parametrize("number", [1, 2])
def test_no_step_is_silent_at_verbosity_0(call, step, number, capsys):
    stdout = call(step(number), verbosity=0)
    assert stdout + capsys.readouterr().out == "Hello from Django!\n"
