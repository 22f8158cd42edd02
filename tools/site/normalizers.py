"""What may differ between two runs of the same command, one rule for each source of noise.

Two outputs are the same if they are equal after every rule has replaced what it names.
"""

import re

from tools.site.transcripts import LEFT_OUT

# The folder that stands on the pages for wherever a reader has put the course.
HOME = "/home/ada/course"

NORMALIZERS = {
    "the time of a cutoff": (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "TIME"),
    "milliseconds": (r" +\d+\.\d ms\b", " MS"),
    "free disk space": (r"\d+\.\d [MGT]B free", "FREE"),
    "the length of a bar, which its speed decides": (r"\|[█▏▎▍▌▋▊▉ ]*\|", "BAR"),
    "the speed of a bar": (r"\[\d\d:\d\d<(?:\d\d:\d\d|\?), .*?/s\]", "SPEED"),
    "the seconds of a test run": (r"=*( ?)(\d+ passed.*) in \d+\.\d\ds( ?)=*", r"\2 in SECONDS"),
}
# They may be aligned to the right.
COUNTS = (r" *\b\d+\b", " COUNT")


def normalize(text: str, *, counts: bool = False) -> str:
    """Return `text` with all noise replaced, and numbers too if `counts` are noise."""
    rules = [*NORMALIZERS.values(), *([COUNTS] if counts else [])]
    for pattern, replacement in rules:
        text = re.sub(pattern, replacement, text)
    return text


def same(shown: list[str], printed: list[str], *, counts: bool = False) -> bool:
    """Tell whether a page shows what was printed, but for noise.

    A line `…` on the page stands for any number of lines.
    """
    parts = [[]]
    for line in shown:
        if line == LEFT_OUT:
            parts.append([])
        else:
            parts[-1].append(re.escape(normalize(line, counts=counts) + "\n"))
    pattern = "(?:.*\n)*".join("".join(part) for part in parts)
    text = "".join(f"{line}\n" for line in printed)
    return re.fullmatch(pattern, normalize(text, counts=counts)) is not None


def record(shown: list[str], printed: list[str]) -> list[str]:
    """Return what a page should show of the lines `printed`, if it left out what `shown` does.

    As many lines as before stand above and below a `…`.
    """
    if LEFT_OUT not in shown:
        return printed
    above = shown.index(LEFT_OUT)
    below = len(shown) - 1 - above
    return [*printed[:above], LEFT_OUT, *printed[len(printed) - below :]]
