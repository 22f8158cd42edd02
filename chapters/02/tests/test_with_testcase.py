from io import StringIO

from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import TestCase


class GreetTest(TestCase):
    def test_zero_greetings_are_refused(self):
        stdout = StringIO()
        with self.assertRaisesMessage(CommandError, "must be a whole number of at least 1"):
            call_command("greet", "Ada", "0", stdout=stdout)
        self.assertEqual(stdout.getvalue(), "")
