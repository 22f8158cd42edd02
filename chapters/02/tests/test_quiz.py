"""What the quiz says, where no other test runs it."""

import pytest
from django.core.management.base import BaseCommand, CommandError


def whole_number(text):
    number = int(text)
    if not 1 <= number <= 1000:
        raise ValueError("must be from 1 to 1000.")
    return number


class Starting(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("times", type=int)

    def handle(self, *args, **options):
        self.stdout.write("Starting.")
        self.stdout.write("Hello! " * options["times"])


class Checking(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("times", type=whole_number)


def test_a_wrong_argument_is_refused_before_handle_begins(capsys):
    with pytest.raises(SystemExit) as stopped:
        Starting().run_from_argv(["manage.py", "starting", "three"])
    assert stopped.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("usage: manage.py starting")
    assert "argument times: invalid int value: 'three'" in printed.err


def test_argparse_drops_the_text_of_a_value_error(call):
    with pytest.raises(CommandError, match="argument times: invalid whole_number value: '0'$"):
        call(Checking(), "0")
