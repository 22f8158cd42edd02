import pytest

from shared_project.course.naive import load, names


def test_naive_commands_are_found():
    assert "02/greet" in names()


def test_an_unknown_one_is_refused():
    with pytest.raises(LookupError):
        load("02/../../manage")


def test_django_does_not_find_them():
    from django.core.management import get_commands

    assert not any("naive" in app for app in get_commands().values())


def test_the_arguments_are_the_naive_commands_own(manage):
    done = manage("naive", "02/greet", "--help")
    assert "usage: manage.py naive 02/greet" in done.stdout


def test_an_unknown_name_is_one_line_with_the_known_ones(manage):
    done = manage("naive", "99/no\x1b[31mne")
    assert done.returncode == 1
    assert done.stderr.startswith(
        r"CommandError: There is no naive command '99/no\x1b[31mne'. There are: "
    )
