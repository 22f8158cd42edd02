import pytest
from django.core.management import get_commands
from django.core.management.base import CommandError

from shared_project.course.steps import find_step, steps

NAMES = [step.name for step in steps()]


@pytest.fixture
def root(tmp_path):
    """Return a folder with two steps of chapter 2."""
    folder = tmp_path / "chapters" / "02" / "steps"
    folder.mkdir(parents=True)
    for name in ("2_check_the_number", "1_first_draft"):
        (folder / f"{name}.py").write_text(
            "from django.core.management.base import BaseCommand\n"
            f"class Command(BaseCommand):\n    help = 'Greet: {name}'\n"
        )
    (folder / "notes.txt").touch()
    return tmp_path


def test_steps_are_found_in_their_order(root):
    assert [step.name for step in steps(root)] == ["02/1", "02/2"]


def test_a_step_has_the_title_of_its_file(root):
    assert find_step("02/2", root).title == "Check the number"


def test_a_step_is_loaded_from_its_file(root):
    assert find_step("02/2", root).load().help == "Greet: 2_check_the_number"


def test_the_zero_of_a_chapter_may_be_left_out(root):
    assert find_step("2/1", root).name == "02/1"


@pytest.mark.parametrize("name", ["02/3", "02", "2", "02/x", "2/0"])
def test_a_step_that_the_chapter_lacks_is_answered_with_those_it_has(root, name):
    with pytest.raises(CommandError, match="chapter 2 has 02/1, 02/2") as raised:
        find_step(name, root)
    assert raised.value.returncode == 2


@pytest.mark.parametrize("name", ["99/1", "step", "02\n/1", "../../manage", "/02/1"])
def test_a_step_of_no_chapter_is_answered_with_how_to_list_them(root, name):
    with pytest.raises(CommandError, match="`python manage.py step` lists them"):
        find_step(name, root / "none" if name.startswith("02") else root)


def test_django_does_not_find_the_steps():
    assert not any("steps" in app for app in get_commands().values())


def test_without_a_name_the_steps_are_listed(call):
    lines = call("step").splitlines()
    assert [line.split()[0] for line in lines] == NAMES


@pytest.mark.django_db
def test_a_step_can_be_called_from_code(call):
    assert "Imported" in call("step", "05/1", "chapters/05/data/products.json")


def test_the_command_line_without_a_step_lists_them(manage):
    assert manage("step").stdout.startswith("01/1  ")


def test_a_step_runs_as_if_it_were_installed(manage):
    done = manage("step", "1/2")
    assert (done.returncode, done.stdout, done.stderr) == (0, "Hello from Django!\n", "")


def test_the_arguments_are_the_steps_own(manage):
    done = manage("step", "5/1", "--help")
    assert "usage: manage.py step 05/1" in done.stdout


def test_an_unknown_name_is_one_line_that_says_what_to_type(manage):
    done = manage("step", "99/no\x1b[31mne", "--percentage", "10")
    assert done.returncode == 2
    assert done.stderr == (
        r"CommandError: There is no step '99/no\x1b[31mne': "
        "`python manage.py step` lists them all.\n"
    )
