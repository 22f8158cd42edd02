"""Four techniques that the page on testing shows."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from shared_project.shop.models import Product, Session


def test_what_is_printed(capsys):
    call_command("hello")
    assert capsys.readouterr().out == "Hello from Django!\n"


@pytest.mark.django_db
def test_a_no_keeps_the_products(settings, monkeypatch):
    settings.DEBUG = True
    Product.objects.create(name="Old Kite", price=5, category="Toys")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda: "no")
    with pytest.raises(CommandError, match="Nothing has changed"):
        call_command("step", "08/2")
    assert Product.objects.exists()


@pytest.mark.django_db
def test_a_session_at_the_cutoff_stays(monkeypatch):
    now = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)
    Session.objects.create(key="at the cutoff", last_activity=now - timedelta(days=90))
    Session.objects.create(key="old", last_activity=now - timedelta(days=90, seconds=1))
    call_command("step", "09/3", "--days", "90")
    assert Session.objects.get().key == "at the cutoff"


@pytest.mark.django_db
def test_an_export_asks_once(django_assert_num_queries, tmp_path):
    with django_assert_num_queries(1):
        call_command("step", "03/3", "--output", tmp_path / "users.csv")
