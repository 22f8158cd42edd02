from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError


@pytest.mark.parametrize("copies", [2, 1, 99, 100])
def test_it_takes_numbers_from_1_to_100(copies):
    call_command("print_labels", "Mug", copies, stdout=StringIO())


@pytest.mark.parametrize("copies", [0, 101])
def test_it_refuses(copies):
    with pytest.raises(CommandError):
        call_command("print_labels", "Mug", copies)
