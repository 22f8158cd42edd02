"""What `BaseCommand` does on the command line, and what it leaves to code that calls a command."""

from pathlib import Path

import pytest
from django.core.checks import Error
from django.core.management import get_commands
from django.core.management.base import BaseCommand, CommandError, SystemCheckError
from django.db import connections

HELLO = Path(__file__).parent.parent / "hello"


class Failing(BaseCommand):
    def handle(self, *args, **options):
        raise CommandError("The work failed.")


@pytest.fixture
def check_errors(monkeypatch):
    """Return the list of errors that the system checks find."""
    found = []
    monkeypatch.setattr("django.core.checks.run_checks", lambda **_: found)
    return found


@pytest.fixture
def type_in(monkeypatch):
    """Return a function that runs `Failing` as typed, and returns the exit code."""
    closed = []
    monkeypatch.setattr(type(connections), "close_all", lambda _: closed.append(True))

    def run(*arguments):
        with pytest.raises(SystemExit) as stopped:
            Failing().run_from_argv(["manage.py", "failing", *arguments])
        return stopped.value.code

    run.closed = closed
    return run


def test_django_finds_hello_without_an_init_file():
    assert get_commands()["hello"] == "hello"
    assert not [*(HELLO / "management").rglob("__init__.py")]


def test_on_the_command_line_an_error_is_one_line_and_an_exit_code(type_in, capsys):
    assert type_in() == 1
    assert capsys.readouterr().err == "CommandError: The work failed.\n"


def test_on_the_command_line_the_connections_are_closed(type_in):
    type_in()
    assert type_in.closed


def test_on_the_command_line_the_checks_come_first(type_in, check_errors, capsys):
    check_errors.append(Error("The setting is broken."))
    assert type_in() == 1
    assert "The setting is broken." in capsys.readouterr().err


def test_requires_system_checks_turns_the_checks_off(type_in, check_errors, capsys, monkeypatch):
    monkeypatch.setattr(Failing, "requires_system_checks", [])
    check_errors.append(Error("The setting is broken."))
    type_in()
    assert capsys.readouterr().err == "CommandError: The work failed.\n"


def test_call_command_skips_the_checks_and_catches_nothing(call, check_errors):
    check_errors.append(Error("The setting is broken."))
    with pytest.raises(CommandError, match="^The work failed.$"):
        call(Failing())


def test_call_command_runs_the_checks_where_it_is_told_to(call, check_errors):
    check_errors.append(Error("The setting is broken."))
    with pytest.raises(SystemCheckError, match="The setting is broken"):
        call(Failing(), skip_checks=False)
