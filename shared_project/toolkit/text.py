"""Compare names that people read: two that look the same must not be two."""

import re
import unicodedata

_PLAIN_ASCII = re.compile("[!-~]+(?: [!-~]+)*").fullmatch
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
    if _PLAIN_ASCII(text):
        return text
    text = "".join(" " if char.isspace() else char for char in text if not _is_invisible(char))
    return unicodedata.normalize("NFC", " ".join(text.split()))


def name_problem(text: str) -> str:
    """Return what keeps `text` from being stored as a name, or "" where it is plain and not empty.

    The text completes "name …": `has white space around it`.
    """
    if _PLAIN_ASCII(text):
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
    if not unicodedata.is_normalized("NFC", text):
        return "is not in Unicode's normal form NFC"
    return ""


def _is_invisible(char):
    if char.isascii():
        return not char.isprintable() and not char.isspace()
    return unicodedata.category(char) in _NOT_DRAWN or _BLANK.match(char) is not None
