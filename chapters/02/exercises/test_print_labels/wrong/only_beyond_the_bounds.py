from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError


def test_it_prints_three_labels():
    stdout = StringIO()
    call_command("print_labels", "Mug", 3, stdout=stdout)
    assert stdout.getvalue() == "Mug\n" * 3


@pytest.mark.parametrize("copies", [0, 101])
def test_it_refuses(copies):
    with pytest.raises(CommandError):
        call_command("print_labels", "Mug", copies)
