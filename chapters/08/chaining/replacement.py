"""Put a fixture's rows in the place of all others."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DataError, Error, IntegrityError

from shared_project.toolkit.text import printable


def replace_rows(fixture: Path, *, verbosity: int, **options) -> None:
    """Delete every row and load `fixture`. To be called inside a transaction.

    `options` are passed on to `flush` and `loaddata`. Raises CommandError where the database
    refuses a row of the fixture.
    """
    with database_errors_shown():
        call_command("flush", interactive=False, verbosity=verbosity, **options)
    try:
        # 3 would add a counter of rows, which makes no sense in output that is held back.
        call_command("loaddata", fixture, verbosity=min(verbosity, 2), **options)
    except (DataError, IntegrityError) as error:
        reason = printable(str(error).splitlines()[0].rstrip("."))
        raise CommandError(f"{reason}. No row has changed.") from error


@contextmanager
def database_errors_shown() -> Iterator[None]:
    """Raise what the database said, where a called command has put a guess in its place.

    Whatever keeps `flush` from its work, it says that the database may not be running.
    """
    try:
        yield
    except CommandError as error:
        if not isinstance(error.__cause__, Error):
            raise
        cause = error.__cause__
    else:
        return
    raise cause
