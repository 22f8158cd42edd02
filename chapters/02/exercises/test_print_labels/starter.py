from io import StringIO

from django.core.management import call_command


def test_it_prints_labels():
    stdout = StringIO()
    call_command("print_labels", "Mug", "3", stdout=stdout)
    assert "Mug" in stdout.getvalue()
