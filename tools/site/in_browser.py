"""What the terminal in the page can run, and why it cannot run the rest."""

import re

SET_UP = "it sets the course up on a machine"
THREADS = "a browser runs Python in one thread, and this takes two"

# Patterns of command lines, each with the reason; the first that matches counts.
CANNOT = [
    (r"start\.py|\.venv|^pip\b|^source\b", SET_UP),
    (r"manage\.py meanwhile\b", THREADS),
]


def why_not(lines: list[str]) -> str | None:
    """Return why a browser cannot run one of these command lines, or None where it can."""
    for pattern, reason in CANNOT:
        if any(re.search(pattern, line) for line in lines):
            return reason
    return None
