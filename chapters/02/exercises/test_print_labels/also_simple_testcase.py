from io import StringIO

from django.core.management import CommandError, call_command
from django.test import SimpleTestCase


class PrintLabelsTest(SimpleTestCase):
    def count(self, copies):
        stdout = StringIO()
        call_command("print_labels", "Mug", str(copies), stdout=stdout)
        return len(stdout.getvalue().splitlines())

    def test_bounds(self):
        self.assertEqual(self.count(1), 1)
        self.assertEqual(self.count(100), 100)
        with self.assertRaisesMessage(CommandError, "copies"):
            self.count(0)
        with self.assertRaisesMessage(CommandError, "copies"):
            self.count(101)
