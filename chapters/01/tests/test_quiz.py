"""What the quiz says, where no other test runs it."""

import sys

import pytest
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand
from django.test import modify_settings

from shared_project.shop.models import Product

REPORT = """\
from django.core.management.base import BaseCommand


class Report(BaseCommand):
    pass
"""


class Count(BaseCommand):
    def handle(self, *args, **options):
        self.stdout.write("Products:", Product.objects.count())


@pytest.fixture
def app(tmp_path, monkeypatch):
    """Write an app with `report.py`, whose class is called `Report`; return the app's name."""
    commands = tmp_path / "quiz_app/management/commands"
    commands.mkdir(parents=True)
    (tmp_path / "quiz_app/__init__.py").touch()
    (commands / "report.py").write_text(REPORT)
    monkeypatch.syspath_prepend(tmp_path)
    yield "quiz_app"
    get_commands.cache_clear()
    for name in [name for name in sys.modules if name.startswith("quiz_app")]:
        del sys.modules[name]


def test_write_takes_no_second_value(call, db):
    Product.objects.bulk_create(Product(name=name, price=1) for name in "abc")
    with pytest.raises(TypeError, match="'int' object is not callable"):
        call(Count())
    assert call.stdout == ""


def test_a_command_is_found_in_an_installed_app_alone(app):
    get_commands.cache_clear()
    assert "report" not in get_commands()
    get_commands.cache_clear()
    with modify_settings(INSTALLED_APPS={"append": app}):
        assert get_commands()["report"] == app


def test_a_class_of_another_name_is_a_traceback(app):
    get_commands.cache_clear()
    with (
        modify_settings(INSTALLED_APPS={"append": app}),
        pytest.raises(AttributeError, match="has no attribute 'Command'"),
    ):
        call_command("report")
