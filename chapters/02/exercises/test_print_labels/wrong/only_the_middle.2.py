from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError


@pytest.mark.parametrize("copies", [2, 50])
def test_it_prints_labels(copies):
    stdout = StringIO()
    call_command("print_labels", "Mug", copies, stdout=stdout)
    assert stdout.getvalue() == "Mug\n" * copies


@pytest.mark.parametrize("copies", ["three", -5, 1000])
def test_it_refuses(copies):
    with pytest.raises(CommandError):
        call_command("print_labels", "Mug", copies)
