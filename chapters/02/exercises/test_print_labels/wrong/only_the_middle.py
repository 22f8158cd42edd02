from io import StringIO

from django.core.management import call_command


def test_it_prints_three_labels():
    stdout = StringIO()
    call_command("print_labels", "Mug", "3", stdout=stdout)
    assert stdout.getvalue().splitlines() == ["Mug", "Mug", "Mug"]
