from io import StringIO

from django.core.management import call_command


def test_naive_greet_takes_zero_and_says_nothing(step):
    stdout = StringIO()
    call_command(step("greet"), "Ada", "0", stdout=stdout)
    assert stdout.getvalue() == "\n"


def test_naive_greet_lets_a_name_forge_a_line(step):
    stdout = StringIO()
    call_command(step("greet"), "Ada!\nAll checks passed", "1", stdout=stdout)
    assert "\nAll checks passed!\n" in stdout.getvalue()
