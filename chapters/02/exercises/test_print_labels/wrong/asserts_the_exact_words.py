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


@pytest.mark.parametrize("copies", [0, 101])
def test_it_refuses(copies):
    with pytest.raises(CommandError, match="copies must be between 1 and 100"):
        print_labels(copies)
