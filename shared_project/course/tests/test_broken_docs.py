"""Keep docs/reference/broken-docs.md true: its snippets fail, and what it advises works."""

from contextlib import closing, contextmanager
from io import StringIO

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.core import checks
from django.core.checks.registry import CheckRegistry
from django.core.management import BaseCommand, CommandError, call_command, get_commands
from django.db import connection
from django.test import modify_settings

from shared_project.course.tests.broken_docs import snippets

POLLS = "shared_project.course.tests.broken_docs.polls"


@contextmanager
def fails(error, match):
    try:
        with pytest.raises(error, match=match):
            yield
    except pytest.fail.Exception:
        pytest.fail("This works now: take it off docs/reference/broken-docs.md, with this test.")


@pytest.fixture
def poll(db):
    """Install the app of Django's documentation, and return its one poll, number 1."""
    with modify_settings(INSTALLED_APPS={"append": POLLS}):
        get_commands.cache_clear()
        from shared_project.course.tests.broken_docs.polls.models import Question

        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE polls_question"
                " (id integer PRIMARY KEY, question_text varchar(200), opened boolean)"
            )
        yield Question.objects.create(pk=1, question_text="Tea or coffee?")
    get_commands.cache_clear()


def test_a_positional_argument_cannot_be_a_keyword(poll):
    with fails(ValueError, match=r"^min\(\) (arg|iterable argument) is "):
        snippets.ClosepollTest().test_command_output()


def test_a_positional_argument_goes_by_position(poll):
    snippets.WorkingClosepollTest().test_command_output()
    poll.refresh_from_db()
    assert poll.opened is False


@pytest.mark.parametrize("flush", [snippets.flush_in_words, snippets.flush_with_options])
def test_flush_asks_where_nobody_can_answer(db, monkeypatch, flush):
    monkeypatch.setattr("sys.stdin", StringIO())  # as a scheduler gives it
    with fails(EOFError, match="^EOF when reading a line$"):
        flush()


def test_flush_does_not_ask_where_it_is_told_so(db):
    User.objects.create(username="ada")
    snippets.flush_unasked()
    assert not User.objects.exists()


def test_an_async_client_without_await_sends_nothing():
    with (
        closing(snippets.get_without_await()) as response,
        fails(AttributeError, match="^'coroutine' object has no attribute 'status_code'$"),
    ):
        assert response.status_code == 404


def test_an_async_client_is_awaited():
    assert async_to_sync(snippets.get_with_await)().status_code == 404


def test_isolate_apps_does_not_know_a_label():
    with fails(ModuleNotFoundError, match="^No module named 'course'$"):
        snippets.isolate("course")


def test_isolate_apps_takes_the_name_of_the_app():
    model = snippets.isolate("shared_project.course")
    assert model._meta.app_label == "course"


def test_execute_does_not_print_a_command_error(poll):
    from shared_project.course.tests.broken_docs.polls.management.commands import closepoll

    stderr = StringIO()
    with fails(CommandError, match='^Poll "2" does not exist$'):
        call_command(closepoll.Command(), 2, stderr=stderr)
    assert stderr.getvalue() == ""


def test_a_missing_argument_is_not_called_too_few(poll):
    with pytest.raises(CommandError) as error:
        call_command("closepoll")
    assert str(error.value) == "Error: the following arguments are required: poll_ids"


def test_a_minor_notification_goes_to_stderr(monkeypatch):
    def check_tea(app_configs, **options):
        return [checks.Info("Tea is ready.")]

    registry = CheckRegistry()
    registry.register(check_tea, "tea")
    monkeypatch.setattr(checks, "run_checks", registry.run_checks)
    stdout, stderr = StringIO(), StringIO()
    BaseCommand(stdout, stderr).check(tags=["tea"])
    assert stdout.getvalue() == ""
    assert "Tea is ready." in stderr.getvalue()
