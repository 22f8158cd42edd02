import io

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
