from io import StringIO

from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import TestCase


class PrintLabelsTest(TestCase):
    def test_it_prints_as_many_as_asked_for(self):
        for copies in (1, 3, 100):
            with self.subTest(copies=copies):
                stdout = StringIO()
                call_command("print_labels", "Mug", str(copies), stdout=stdout)
                self.assertEqual(stdout.getvalue().count("Mug"), copies)

    def test_it_refuses_what_is_out_of_bounds(self):
        for copies in (0, 101):
            with self.subTest(copies=copies), self.assertRaises(CommandError):
                call_command("print_labels", "Mug", str(copies), stdout=StringIO())
