"""Compare names that people read: two that look the same must not be two.

Explained in chapter 5; tested in shared_project/tests/test_toolkit_names.py.
"""

import re
import unicodedata

_SPACES = re.compile(r"\s+")
# Nothing is drawn for these either, though Unicode counts them as letters, marks or symbols:
# https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point, and the empty Braille cell.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_CONTROL = {"Cc", "Zl", "Zp"}
_NOT_DRAWN = {"Cf", "Cn", "Co", "Cs"}


def plain_name(text: str) -> str:
    """Return the plain spelling of `text`: two names look the same where theirs is the same.

    That is Unicode's normal form NFC, with one space between two words and none around them,
    without control characters and without characters that nothing is drawn for.
    """
    if is_plain_name(text):
        return text
    text = "".join(" " if char.isspace() else char for char in text if not _is_hidden(char))
    return unicodedata.normalize("NFC", " ".join(text.split()))


def is_plain_name(text: str) -> bool:
    """Return whether `name_problem` finds nothing in `text`: fast, for a million names."""
    return (
        text.isprintable()
        and "  " not in text
        and text.strip() == text != ""
        and (
            text.isascii() or (not _BLANK.search(text) and unicodedata.is_normalized("NFC", text))
        )
    )


def name_problem(text: str) -> str:
    """Return what keeps `text` from being stored as a name, or "" where it is plain and not empty.

    The text completes "name …": `has white space around it`.
    """
    if is_plain_name(text):
        return ""
    for char in text:
        category = unicodedata.category(char)
        code = f"U+{ord(char):04X}"
        if category in _CONTROL:
            return f"holds a control character ({code})"
        if _is_invisible(char):
            return f"holds a character that nobody sees ({code})"
    if not text.strip():
        return "must not be empty"
    if text != text.strip():
        return "has white space around it"
    if _SPACES.sub(" ", text) != text:
        return "has white space in it that is not a single space"
    return "is not in Unicode's normal form NFC"


def _is_hidden(char):
    # Python counts some control characters as white space, which stands between two words.
    return _is_invisible(char) or (unicodedata.category(char) in _CONTROL and not char.isspace())


def _is_invisible(char):
    if char.isascii():
        return not char.isprintable() and not char.isspace()
    return unicodedata.category(char) in _NOT_DRAWN or _BLANK.match(char) is not None
