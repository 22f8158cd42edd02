"""Show text that came from outside.

Explained in chapter 2; tested in chapters/02/tests/test_text.py.
"""


def printable(text: str) -> str:
    r"""Return `text` with control characters escaped: a newline becomes \n, an escape \x1b.

    A terminal obeys such characters: printed as they are, a name could clear the screen, or
    forge a line of output.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "backslashreplace").decode()
        for char in text
    )


def quoted(value: object, limit: int = 60) -> str:
    """Return `value` in quotes for an error message: printable, cut after `limit` characters."""
    text = printable(str(value))
    return f"'{text[:limit]}…'" if len(text) > limit else f"'{text}'"
