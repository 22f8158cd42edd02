import io

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError


@pytest.fixture
def root(db):
    User.objects.create(username="root", is_superuser=True)


def test_naive_reset_deletes_everything_before_it_looks_for_the_fixture(step, root):
    with pytest.raises(CommandError, match="No fixture named 'nope' found"):
        call_command(step("full_reset"), "nope", no_input=True, stdout=io.StringIO())
    assert not User.objects.exists()


def test_naive_reset_ends_in_a_traceback_where_nobody_can_answer(step, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(EOFError):
        call_command(step("full_reset"), stdout=io.StringIO())


def test_naive_reset_reports_success_for_a_no(step, root, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    stdout = io.StringIO()
    call_command(step("full_reset"), stdout=stdout)
    assert stdout.getvalue() == "Aborted.\n"


def test_naive_reset_takes_the_yes_of_a_pipe(step, root, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n" * 10))
    call_command(step("full_reset"), stdout=io.StringIO())
    assert not User.objects.filter(username="root").exists()


def test_naive_reset_lets_output_escape(step, root, capsys):
    stdout = io.StringIO()
    call_command(step("full_reset"), no_input=True, stdout=stdout)
    assert stdout.getvalue() == ""
    assert "Installed 50 object(s)" in capsys.readouterr().out
