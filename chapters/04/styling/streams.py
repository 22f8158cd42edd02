"""Style text for the stream that it goes to."""

from collections.abc import Callable

from django.core.management.base import OutputWrapper


def style_for(stream: OutputWrapper, style: Callable[[str], str]) -> Callable[[str], str]:
    """Return `style` where `stream` is a terminal, and `str`, which changes nothing, where not.

    `self.style` follows stdout alone. So a command whose stdout is a terminal would write
    escape sequences into the file that its stderr goes to; and without a style of its own,
    everything on a terminal's stderr is red:

        self.stderr.write(text, style_for(self.stderr, self.style.WARNING))
    """
    return style if stream.isatty() else str
