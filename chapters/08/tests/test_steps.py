"""Each step does what the page says, and fails as the page says."""

import io
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.core.management.base import CommandError
from django.core.serializers.base import DeserializationError
from django.db import IntegrityError
from django.db.models.signals import pre_save

from shared_project.shop.models import Order, Product

DATA = Path(__file__).parent.parent / "data"
# Its customer is in no row: only the database notices.
STRAY = '[{"model": "shop.order", "pk": 1, "fields": {"number": "1", "total": 1, "customer": 99}}]'

pytestmark = pytest.mark.django_db


class Screen(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def shop(settings):
    """A shop of one user and one product, on a developer's machine."""
    settings.DEBUG = True
    User.objects.create(username="root", is_superuser=True)
    Product.objects.create(name="Old Kite", price=5, category="Toys")
    yield
    # `flush` has made them again, and the test's end takes that back.
    ContentType.objects.clear_cache()


@pytest.fixture
def typed(monkeypatch):
    """Return a function that types a text at a terminal."""
    return lambda text: monkeypatch.setattr("sys.stdin", Screen(text))


def has_old_rows():
    names = list(User.objects.values_list("username", flat=True))
    return names == ["root"] and Product.objects.get().name == "Old Kite"


def has_new_rows():
    return User.objects.count() == 4 and not Product.objects.filter(name="Old Kite").exists()


def is_empty():
    return not User.objects.exists() and not Product.objects.exists()


def unasked(number):
    """Return the options with which the step `number` asks nothing."""
    return {} if number == 1 else {"no_input": True}


@pytest.mark.parametrize("number", [1, 2, 3])
def test_every_step_puts_the_fixture_in_the_place_of_all_rows(call, step, number):
    stdout = call(step(number), **unasked(number))
    assert has_new_rows()
    assert stdout.endswith("Replaced all rows with those of full_reset.\n")


@pytest.mark.parametrize("number", [1, 2, 3])
def test_every_step_fails_for_a_fixture_that_is_not_there(call, step, number):
    with pytest.raises(CommandError, match="No fixture named 'nope' found"):
        call(step(number), "nope", **unasked(number))


def test_step_1_deletes_every_row_with_debug_off(call, step, settings):
    settings.DEBUG = False
    call(step(1))
    assert has_new_rows()


@pytest.mark.parametrize("number", [2, 3])
def test_later_steps_refuse_with_debug_off(call, step, number, settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match=r"^DEBUG is off, .* Nothing has changed\.$"):
        call(step(number), no_input=True)
    assert has_old_rows()


@pytest.mark.parametrize("answer", ["yes\n", "y \n", "YES\n"])
def test_step_3_goes_on_after_a_yes(call, step, answer, typed):
    typed(answer)
    call(step(3))
    assert has_new_rows()
    assert call.stderr.startswith("This deletes every row of ")
    assert call.stderr.endswith('.\nType "yes" to go on: ')


@pytest.mark.parametrize("number", [2, 3])
@pytest.mark.parametrize("answer", ["n\n", "\n", "yess\n", ""], ids=["n", "Enter", "typo", "^D"])
def test_later_steps_fail_after_anything_else(call, step, number, answer, typed):
    typed(answer)
    with pytest.raises(CommandError, match=r"^Aborted\. Nothing has changed\.$"):
        call(step(number))
    assert has_old_rows()


def test_ctrl_c_at_the_question_is_a_no_on_a_line_of_its_own(call, step, monkeypatch):
    class Interrupted(Screen):
        def readline(self, *args):
            raise KeyboardInterrupt

    monkeypatch.setattr("sys.stdin", Interrupted())
    with pytest.raises(CommandError, match="^Aborted"):
        call(step(3))
    assert call.stderr.endswith("go on: \n")
    assert has_old_rows()


@pytest.mark.parametrize("number", [2, 3])
@pytest.mark.parametrize("stdin", [io.StringIO("yes\n"), None], ids=["pipe", "closed"])
def test_later_steps_ask_nobody_but_a_terminal(call, step, number, stdin, monkeypatch):
    monkeypatch.setattr("sys.stdin", stdin)
    with pytest.raises(CommandError, match="^There is no terminal to ask on"):
        call(step(number))
    assert has_old_rows()


@pytest.mark.parametrize("number", [1, 2])
def test_a_broken_fixture_leaves_nothing_before_step_3(call, step, number):
    with pytest.raises(DeserializationError, match="no field named 'title'"):
        call(step(number), DATA / "renamed_field.json", **unasked(number))
    assert is_empty()


def test_a_broken_fixture_costs_step_3_no_row(call, step):
    with pytest.raises(CommandError, match=r"^No row has changed\. .* no field named 'title'"):
        call(step(3), DATA / "renamed_field.json", no_input=True)
    assert has_old_rows()
    assert "Replaced" not in call.stdout


@pytest.mark.parametrize(("number", "error"), [(2, IntegrityError), (3, CommandError)])
def test_only_step_3_has_one_line_for_a_row_that_the_database_refuses(
    call, step, number, error, tmp_path
):
    file = tmp_path / "stray.json"
    file.write_text(STRAY)
    with pytest.raises(error, match="shop_order"):
        call(step(number), file, no_input=True)
    assert has_old_rows() == (number == 3)


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), SystemExit(143)], ids=["^C", "SIGTERM"])
@pytest.mark.parametrize(("number", "left"), [(2, is_empty), (3, has_old_rows)])
def test_only_step_3_loses_nothing_when_it_is_stopped(call, step, number, left, stop):
    def receiver(**kwargs):
        raise stop

    pre_save.connect(receiver, sender=Order)
    try:
        with pytest.raises(type(stop)):
            call(step(number), no_input=True)
    finally:
        pre_save.disconnect(receiver, sender=Order)
    assert left()


@pytest.mark.parametrize("number", [1, 2])
def test_output_of_called_commands_escapes_before_step_3(call, step, number, capsys):
    call(step(number), **unasked(number))
    assert call.stdout == "Replaced all rows with those of full_reset.\n"
    assert "Installed 50 object(s)" in capsys.readouterr().out


def test_called_commands_print_to_the_streams_of_step_3(call, step, capsys):
    stdout = call(step(3), no_input=True)
    assert "Installed 50 object(s)" in stdout
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("number", "silent"), [(2, False), (3, True)])
def test_only_step_3_passes_the_verbosity_on(call, step, number, silent, capsys):
    call(step(number), no_input=True, verbosity=0)
    assert (capsys.readouterr().out + call.stdout == "") == silent


@pytest.mark.parametrize(("number", "colored"), [(2, True), (3, False)])
def test_only_step_3_passes_the_choice_of_color_on(step, number, colored, monkeypatch):
    screen = Screen()
    monkeypatch.setattr("sys.stdout", screen)
    call_command(step(number), no_input=True, no_color=True)
    assert ("\x1b" in screen.getvalue()) == colored


def test_step_3_takes_an_empty_fixture_for_one(call, step, tmp_path):
    file = tmp_path / "empty.json"
    file.write_text("[]")
    with pytest.warns(RuntimeWarning, match="No fixture data found"):
        call(step(3), file, no_input=True)
    assert is_empty()


def test_a_yes_on_a_terminal_is_a_yes(step, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda: " Yes ")
    assert step(2).confirm() is None
