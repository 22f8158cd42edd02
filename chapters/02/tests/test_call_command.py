"""What `call_command` parses, and what it hands to `handle` as it is."""

import pytest
from django.core.management.base import BaseCommand, CommandError


class Received(BaseCommand):
    """Keeps what `handle` receives."""

    def add_arguments(self, parser):
        parser.add_argument("times", type=int)
        parser.add_argument("most", type=int, nargs="?", default=9)
        parser.add_argument("--days", type=int, required=True)
        parser.add_argument("--size", type=int, choices=[1, 2], default=1)

    def handle(self, *args, **options):
        self.received = {name: options[name] for name in ("times", "most", "days", "size")}


@pytest.fixture
def received(call):
    """Return a function that calls the command, and returns what `handle` has received."""

    def run(*args, **options):
        command = Received()
        call(command, *args, **options)
        return command.received

    return run


def test_what_is_passed_by_position_is_parsed(received):
    options = received("3", "4", "--days", "5", "--size", "2")
    assert options == {"times": 3, "most": 4, "days": 5, "size": 2}


def test_a_number_by_position_is_parsed_from_its_text(received):
    assert received(3, days=5)["times"] == 3


@pytest.mark.parametrize("argument", ["three", 1.5])
def test_a_wrong_positional_is_a_command_error(received, argument):
    with pytest.raises(CommandError, match="argument times: invalid int value"):
        received(argument, days=5)


def test_a_required_option_by_keyword_is_checked(received):
    with pytest.raises(CommandError, match="argument --days: invalid int value: 'nan'"):
        received("3", days="nan")


def test_a_required_option_by_keyword_is_handed_over_unconverted(received):
    assert received("3", days="5")["days"] == "5"


@pytest.mark.parametrize("size", ["2", 7, "large"])
def test_an_optional_one_by_keyword_is_neither_converted_nor_checked(received, size):
    assert received("3", days=5, size=size)["size"] == size


def test_an_optional_positional_by_keyword_is_neither_converted_nor_checked(received):
    assert received("3", days=5, most="many")["most"] == "many"


@pytest.mark.parametrize("times", [0, 3])
def test_a_positional_by_keyword_never_reaches_handle(call, times):
    with pytest.raises(ValueError, match=r"^min\(\)"):
        call("greet", "Ada", times=times)


def test_a_verbosity_that_is_a_text_is_not_0(call):
    assert call("greet", "Ada", "3", verbosity="0") == "Hello, Ada!\n" * 3
