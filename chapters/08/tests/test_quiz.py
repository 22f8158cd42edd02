"""What the quiz says, where no other test runs it."""

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def old_user():
    User.objects.create(pk=1000, username="old")
    yield
    # `loaddata` has looked them up, and the test's end takes them back.
    ContentType.objects.clear_cache()


def test_a_no_to_flush_does_not_stop_what_comes_after_it(monkeypatch, capsys):
    monkeypatch.setattr("builtins.input", lambda _: "no")
    call_command("flush")
    call_command("loaddata", "full_reset")
    assert "Flush cancelled." in capsys.readouterr().out
    assert User.objects.count() == 5


def test_what_loaddata_stores_in_a_block_goes_with_the_block(capsys):
    with pytest.raises(CommandError, match="^Stop"):  # noqa: PT012, SIM117
        with transaction.atomic():
            call_command("loaddata", "full_reset")
            raise CommandError("Stop.")
    assert "Installed 50 object(s)" in capsys.readouterr().out
    assert User.objects.get().username == "old"
