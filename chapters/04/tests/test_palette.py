import pytest
from django.core.management.color import no_style


@pytest.fixture(autouse=True)
def _default_palette(monkeypatch):
    monkeypatch.delenv("DJANGO_COLORS", raising=False)


def test_prints_every_style_by_name(call):
    printed = [line.split()[0] for line in call("palette").splitlines()]
    assert printed == sorted(vars(no_style()))


@pytest.mark.parametrize(
    "line",
    [
        "SUCCESS             bold green",
        "ERROR_OUTPUT        bold red",
        "NOTICE              red",
        "HTTP_SUCCESS        no color",
    ],
)
def test_says_the_style_in_words(call, line):
    assert line in call("palette").splitlines()


def test_prints_each_name_in_its_style(call):
    assert "\x1b[31mNOTICE            \x1b[0m  red\n" in call("palette", force_color=True)


def test_prints_no_escapes_where_nobody_asks_for_color(call):
    assert "\x1b" not in call("palette")


def test_knows_a_palette_of_your_own(call, monkeypatch):
    monkeypatch.setenv("DJANGO_COLORS", "light;notice=blue/white,underscore")
    lines = call("palette").splitlines()
    assert "NOTICE              underscore blue on white" in lines
    assert "SQL_KEYWORD         blue" in lines


def test_without_colors_says_so(call, monkeypatch):
    monkeypatch.setenv("DJANGO_COLORS", "nocolor")
    assert {line[20:] for line in call("palette").splitlines()} == {"no color"}


def test_verbosity_0_prints_nothing(call):
    assert call("palette", verbosity=0) == ""
