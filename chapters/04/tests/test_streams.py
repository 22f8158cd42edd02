import io

import pytest
from django.core.management import call_command
from django.core.management.base import OutputWrapper

from shared_project.toolkit.output import style_for


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_gets_the_style():
    assert style_for(OutputWrapper(Terminal()), str.upper)("text") == "TEXT"


def test_a_file_gets_plain_text():
    assert style_for(OutputWrapper(io.StringIO()), str.upper)("text") == "text"


def test_the_given_style_replaces_the_red_of_stderr():
    terminal = Terminal()
    stderr = OutputWrapper(terminal)
    stderr.style_func = str.upper
    stderr.write("text", style_for(stderr, str.title))
    assert terminal.getvalue() == "Text\n"


@pytest.mark.parametrize(
    ("process", "given", "colored"),
    [(Terminal, io.StringIO, True), (io.StringIO, Terminal, False)],
)
def test_self_style_follows_the_stdout_of_the_process(monkeypatch, process, given, colored):
    monkeypatch.delenv("DJANGO_COLORS", raising=False)
    monkeypatch.setattr("sys.stdout", process())
    stdout = given()
    call_command("palette", stdout=stdout)
    assert ("\x1b[" in stdout.getvalue()) is colored
