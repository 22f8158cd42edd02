from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError


def print_labels(copies):
    stdout = StringIO()
    call_command("print_labels", "Mug", copies, stdout=stdout)
    return stdout.getvalue().splitlines()


@pytest.mark.parametrize("copies", [1, 100])
def test_the_first_and_the_last_number_that_work(copies):
    assert print_labels(copies) == ["Mug"] * copies


@pytest.mark.parametrize("copies", [0, 101])
def test_the_numbers_next_to_them_are_refused(copies):
    with pytest.raises(CommandError):
        print_labels(copies)
