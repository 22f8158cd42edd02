import pytest
from django.core.management import get_commands
from django.core.management.base import CommandError

from shared_project.course.steps import load, names, summary


@pytest.fixture
def step(tmp_path):
    """Write a step of chapter 2; return what `summary` says of it."""
    folder = tmp_path / "chapters" / "02" / "naive"
    folder.mkdir(parents=True)

    def write(docstring="", text=""):
        (folder / "greet.py").write_text(
            f"{docstring}\nfrom django.core.management.base import BaseCommand\n"
            f"class Command(BaseCommand):\n    help = {text!r}\n"
        )
        return summary("02/greet", tmp_path)

    return write


def test_steps_are_found():
    assert "02/greet" in names()


def test_a_name_that_leaves_the_folder_is_refused():
    with pytest.raises(CommandError):
        load("02/../../manage")


def test_django_does_not_find_them():
    assert not any("naive" in app for app in get_commands().values())


def test_a_step_is_summed_up_by_the_first_line_of_its_help(step):
    assert step('"""The docstring."""', "Greet.\nMore of it.") == "Greet."


def test_a_step_without_help_is_summed_up_by_its_docstring(step):
    assert step('"""Greet everyone.\n\nMore of it."""') == "Greet everyone."


def test_a_step_that_says_nothing_has_no_summary(step):
    assert step() == ""


def test_without_a_name_the_steps_are_listed(call):
    lines = call("step").splitlines()
    assert [line.split()[0] for line in lines] == names()
    assert "  Print a greeting." in lines[0]


def test_a_step_can_be_called_from_code(call):
    assert call("step", "02/greet", "Ada", "1") == "Hello, Ada!\n"


def test_the_arguments_are_the_steps_own(manage):
    done = manage("step", "02/greet", "--help")
    assert "usage: manage.py step 02/greet" in done.stdout


def test_an_unknown_name_is_one_line_that_says_what_to_type(manage):
    done = manage("step", "99/no\x1b[31mne", "--percentage", "10")
    assert done.returncode == 1
    assert done.stderr == (
        r"CommandError: There is no step '99/no\x1b[31mne'. `python manage.py step` lists them."
        "\n"
    )
