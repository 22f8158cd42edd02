import pytest

from shared_project.toolkit.names import is_plain_name, name_problem, plain_name


@pytest.mark.parametrize(
    "name",
    ["Kite", "Field Guide No. 2", "Café", "Überraschung", "凧", "Ѐ", "50 % off!", "🪁"],
)
def test_a_plain_name_is_as_it_should_be(name):
    assert name_problem(name) == ""
    assert is_plain_name(name)
    assert plain_name(name) == name


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "must not be empty"),
        (" ", "must not be empty"),
        ("\u3000", "must not be empty"),
        ("Kite ", "has white space around it"),
        (" Kite", "has white space around it"),
        ("\u00a0Kite", "has white space around it"),
        ("Red  Kite", "has white space in it that is not a single space"),
        ("Red\u00a0Kite", "has white space in it that is not a single space"),
        ("Red\u2009Kite", "has white space in it that is not a single space"),
        ("\tKite\n", "holds a control character (U+0009)"),
        ("Kite\0", "holds a control character (U+0000)"),
        ("Kite\x7f", "holds a control character (U+007F)"),
        ("Kite\x80", "holds a control character (U+0080)"),
        ("Red\u2028Kite", "holds a control character (U+2028)"),
        ("Kite\u200b", "holds a character that nobody sees (U+200B)"),
        ("\ufeffKite", "holds a character that nobody sees (U+FEFF)"),
        ("Ki\u00adte", "holds a character that nobody sees (U+00AD)"),
        ("\u202eKite", "holds a character that nobody sees (U+202E)"),
        ("Kite\u3164", "holds a character that nobody sees (U+3164)"),
        ("Kite\ufe0f", "holds a character that nobody sees (U+FE0F)"),
        ("Kite\u2800", "holds a character that nobody sees (U+2800)"),
        ("Kite\ue000", "holds a character that nobody sees (U+E000)"),
        ("Kite\ud800", "holds a character that nobody sees (U+D800)"),
        ("Cafe\u0301", "is not in Unicode's normal form NFC"),
        ("\u212b", "is not in Unicode's normal form NFC"),
    ],
)
def test_a_name_that_looks_like_another_is_told_why(name, problem):
    assert name_problem(name) == problem
    assert not is_plain_name(name)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("\tKite\n", "Kite"),
        ("Red\u00a0\u2009Kite", "Red Kite"),
        ("Ki\u00adte\u200b", "Kite"),
        ("Ki\x7fte", "Kite"),
        ("Ki\x80te\x9f", "Kite"),
        ("Red\x85Kite", "Red Kite"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("Cafe\u200b\u0301", "Caf\u00e9"),
        ("Red\u2028Kite", "Red Kite"),
        ("\u3164", ""),
    ],
)
def test_names_that_look_the_same_have_one_plain_spelling(name, plain):
    assert plain_name(name) == plain
    assert name_problem(plain) == ("" if plain else "must not be empty")
