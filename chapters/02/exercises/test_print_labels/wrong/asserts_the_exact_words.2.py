from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError


def print_labels(copies):
    stdout = StringIO()
    call_command("print_labels", "Mug", copies, stdout=stdout)
    return stdout.getvalue().splitlines()


@pytest.mark.parametrize("copies", [1, 100])
def test_it_prints_labels(copies):
    assert print_labels(copies) == ["Mug"] * copies


def test_it_refuses():
    with pytest.raises(CommandError) as raised:
        print_labels(0)
    assert str(raised.value) == "Must be from 1 to 100."
