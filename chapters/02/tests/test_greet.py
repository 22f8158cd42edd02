import pytest
from django.core.management.base import CommandError


def test_greets_as_often_as_told(call):
    assert call("greet", "Ada", "3") == "Hello, Ada!\n" * 3


def test_verbosity_0_prints_nothing(call):
    assert call("greet", "Ada", "3", verbosity=0) == ""


@pytest.mark.parametrize("times", ["0", "-3", "two", "1.5", ""])
def test_refuses_a_number_of_times_that_is_none(call, times):
    with pytest.raises(CommandError, match="argument TIMES: must be a whole number of at least 1"):
        call("greet", "--", "Ada", times)


@pytest.mark.parametrize("name", ["", "  "])
def test_refuses_an_empty_name(call, name):
    with pytest.raises(CommandError, match="argument NAME: must be a text that is not empty"):
        call("greet", name, "1")


@pytest.mark.parametrize(("arguments", "name"), [(("Ada", 0), "TIMES"), (("", 1), "NAME")])
def test_code_that_calls_it_is_checked_too(call, arguments, name):
    with pytest.raises(CommandError, match=f"argument {name}: must be"):
        call("greet", *arguments)


def test_a_name_cannot_steer_the_terminal(call):
    assert call("greet", "\x1b[2JAda\n", "1") == "Hello, \\x1b[2JAda\\n!\n"


def test_a_wrong_number_is_a_usage_error(manage):
    done = manage("greet", "Ada", "-3")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("TIMES: must be a whole number of at least 1, not '-3'.\n")


@pytest.mark.posix
def test_a_billion_greetings_start_at_once_and_end_with_their_reader(manage):
    process = manage.start("greet", "Ada", 10**9)
    assert process.stdout.readline() == "Hello, Ada!\n"
    process.stdout.close()
    assert process.wait(60) == 141
    assert process.stderr.read() == ""
