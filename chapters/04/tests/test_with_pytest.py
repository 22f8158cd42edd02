import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

FORGETFUL = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}


@pytest.mark.django_db
def test_a_failed_check_is_an_error_and_stdout_is_json(settings, capsys):
    settings.CACHES = FORGETFUL
    with pytest.raises(CommandError, match="cache default"):
        call_command("check_health", format="json")
    report = json.loads(capsys.readouterr().out)
    assert not report["healthy"]
