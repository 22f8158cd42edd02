from io import StringIO

from django.core.management import call_command


def test_hello_greets():
    stdout = StringIO()
    call_command("hello", stdout=stdout)
    assert stdout.getvalue() == "Hello from Django!\n"
