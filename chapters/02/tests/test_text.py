import pytest

from shared_project.toolkit.text import printable, quoted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ada", "Ada"),
        ("Zoë 李", "Zoë 李"),
        ("a\nb", r"a\nb"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\u202e", r"\u202e"),
        ("\udcff", r"\udcff"),
    ],
)
def test_control_characters_are_escaped(text, shown):
    assert printable(text) == shown


def test_a_long_text_is_cut():
    assert quoted("x" * 61) == "'" + "x" * 60 + "…'"


def test_a_text_of_the_limit_is_whole():
    assert quoted("x" * 60) == "'" + "x" * 60 + "'"
