"""Ask before something is deleted."""

import sys
from contextlib import suppress

from django.core.management.base import OutputWrapper


def can_ask() -> bool:
    """Return whether somebody sits at stdin: a terminal, not a pipe, a file or nothing."""
    return sys.stdin is not None and sys.stdin.isatty()


def confirmed(stream: OutputWrapper, question: str) -> bool:
    """Write `question` to `stream`; return whether the answer is y or yes, in any case.

    Ctrl-D is a no. Ctrl-C raises KeyboardInterrupt. The question belongs on stderr: with
    `> file` it would vanish from stdout, and the command would seem to hang.
    """
    answer = ""
    try:
        stream.write(question, str, ending="")
        stream.flush()
        with suppress(UnicodeDecodeError):
            answer = sys.stdin.readline()
    finally:
        if not answer.endswith("\n"):
            # Ctrl-C and Ctrl-D leave the cursor behind the question.
            stream.write("", str)
    return answer.strip().lower() in {"y", "yes"}
