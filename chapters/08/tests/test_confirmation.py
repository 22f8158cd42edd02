import io

import pytest
from django.core.management.base import OutputWrapper

from chaining.confirmation import confirmed


@pytest.fixture
def ask(monkeypatch):
    """Return a function that types an answer; it returns what was made of it, and the screen."""

    def ask(answer):
        monkeypatch.setattr("sys.stdin", answer)
        screen = io.StringIO()
        return confirmed(OutputWrapper(screen), "Sure? "), screen.getvalue()

    return ask


@pytest.mark.parametrize("answer", ["yes\n", "y\n", " YES \n", "Y \n"])
def test_yes(ask, answer):
    assert ask(io.StringIO(answer)) == (True, "Sure? ")


@pytest.mark.parametrize("answer", ["\n", "n\n", "no\n", "yess\n", "yes no\n", "да\n"])
def test_anything_else_is_a_no(ask, answer):
    assert ask(io.StringIO(answer)) == (False, "Sure? ")


def test_ctrl_d_is_a_no_on_a_line_of_its_own(ask):
    assert ask(io.StringIO("")) == (False, "Sure? \n")


def test_bytes_that_are_no_text_are_a_no(ask):
    assert ask(io.TextIOWrapper(io.BytesIO(b"\xff\n"), encoding="utf-8")) == (False, "Sure? \n")


def test_ctrl_c_is_passed_on(ask):
    class Interrupted(io.StringIO):
        def readline(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask(Interrupted())
