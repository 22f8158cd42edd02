import json
from io import StringIO

from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import TestCase, override_settings

FORGETFUL = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}


@override_settings(CACHES=FORGETFUL)
class CheckHealthTest(TestCase):
    def test_a_failed_check_is_an_error_and_stdout_is_json(self):
        stdout = StringIO()
        with self.assertRaisesMessage(CommandError, "cache default"):
            call_command("check_health", format="json", stdout=stdout)
        report = json.loads(stdout.getvalue())
        self.assertFalse(report["healthy"])
