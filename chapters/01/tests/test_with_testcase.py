from io import StringIO

from django.core.management import call_command
from django.test import TestCase


class HelloTest(TestCase):
    def test_hello_greets(self):
        stdout = StringIO()
        call_command("hello", stdout=stdout)
        self.assertEqual(stdout.getvalue(), "Hello from Django!\n")
