"""Report what is wrong with the rows of a file."""

from collections.abc import Callable

from django.core.management.base import CommandError

SHOWN = 20


class ErrorReport:
    """Pass the first errors to `write`, as they are found, and count the rest.

    Whoever reads the file sets `rows`, the number of rows so far.
    """

    def __init__(self, write: Callable[[str], object]):
        self.rows = 0
        self.count = 0
        self._write = write

    @property
    def room(self) -> int:
        """How many more errors would be shown."""
        return max(0, SHOWN - self.count)

    def add(self, row: int, field: str, problem: str) -> None:
        """Report one error; `field` is empty where it is about the whole row."""
        if self.room:
            self._write(f"row {row:,}{', ' if field else ''}{field}: {problem}.")
        self.count += 1

    def check(self, file: str) -> None:
        """Raise CommandError where there were errors, or no rows."""
        if self.count > SHOWN:
            self._write(f"… and {self.count - SHOWN:,} more.")
        if self.count:
            raise CommandError(
                f"{file}: {counted(self.count, 'error')} in {counted(self.rows, 'row')}. "
                "Nothing was imported."
            )
        if not self.rows:
            raise CommandError(
                f"{file}: holds no rows. Nothing was imported: an empty file is most likely "
                "an export that failed."
            )


def counted(number: int, noun: str) -> str:
    """Return `1 row` or `1,200 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
