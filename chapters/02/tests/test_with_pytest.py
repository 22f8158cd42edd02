from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError


def test_zero_greetings_are_refused():
    stdout = StringIO()
    with pytest.raises(CommandError, match="must be a whole number of at least 1"):
        call_command("greet", "Ada", "0", stdout=stdout)
    assert stdout.getvalue() == ""
