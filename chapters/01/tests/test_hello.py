from pathlib import Path

import pytest


def test_prints_exactly_the_greeting(call):
    assert call("hello") == "Hello from Django!\n"


def test_verbosity_0_prints_nothing(call):
    assert call("hello", verbosity=0) == ""


def test_runs_from_the_command_line(manage):
    done = manage("hello")
    assert (done.returncode, done.stdout, done.stderr) == (0, "Hello from Django!\n", "")


def test_help_lists_it_under_its_app(manage):
    done = manage("help")
    assert "[hello]\n    hello\n" in done.stdout


def test_help_shows_what_it_is_for(manage):
    assert "Say hello, to see that Django finds your commands." in manage("help", "hello").stdout


@pytest.mark.posix
def test_full_device_ends_in_one_line(manage):
    with Path("/dev/full").open("w") as full:
        done = manage("hello", stdout=full)
    assert (done.returncode, done.stderr) == (1, "Error: stdout: No space left on device.\n")
