"""The columns of an export: which fields it may hold, and how their rows are read."""

from collections.abc import Iterator, Sequence
from itertools import islice

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError
from django.db.models import Func, TextField

from greet.text import quoted

BATCH_SIZE = 2000

# What may leave the database. A list of what must stay, such as the password's hash, would
# miss the field that somebody adds next year.
TEXTS = ["username", "email", "first_name", "last_name"]
DATES = ["date_joined", "last_login"]
FIELDS = ["id", *TEXTS, "is_active", "is_staff", "is_superuser", *DATES]


class Iso8601(Func):
    """The text of a date and time column in UTC: 2026-11-23T09:30:00.000000+00:00.

    The database writes it: a datetime object for every cell would take longer than all the rest.
    For PostgreSQL, and for SQLite as long as its entry in DATABASES has no TIME_ZONE.
    """

    arity = 1
    output_field = TextField()

    def as_sqlite(self, compiler, connection, **context):
        # SQLite has no type for dates: the column is text, with or without a fraction.
        seconds = "REPLACE(SUBSTR(%(expressions)s, 1, 19), ' ', 'T')"
        fraction = "SUBSTR(SUBSTR(%(expressions)s, 21) || '000000', 1, 6)"
        template = f"({seconds} || '.' || {fraction} || '+00:00')"
        return self.as_sql(compiler, connection, template=template, **context)

    def as_postgresql(self, compiler, connection, **context):
        pattern = """'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'"""
        template = f"TO_CHAR(%(expressions)s AT TIME ZONE 'UTC', {pattern})"
        return self.as_sql(compiler, connection, template=template, **context)


def check_fields(names: Sequence[str]) -> list[str]:
    """Return `names` as a list; raise CommandError where one is not in FIELDS or is repeated.

    The exit code is 2: what was typed is wrong.
    """
    choices = f"Choose from: {', '.join(FIELDS)}."
    if not isinstance(names, (list, tuple)) or not names:
        raise CommandError(f"--fields: must be a list of fields. {choices}", returncode=2)
    for index, name in enumerate(names):
        if name not in FIELDS:
            raise CommandError(f"--fields: cannot export {quoted(name)}. {choices}", returncode=2)
        if name in names[:index]:
            raise CommandError(f"--fields: {name} is repeated.", returncode=2)
    return list(names)


def read_users(fields: list[str], *, active_only: bool) -> Iterator[list[tuple]]:
    """Yield the users in batches of at most BATCH_SIZE rows, each a tuple as `fields`."""
    users = get_user_model().objects.order_by("pk")
    if active_only:
        users = users.filter(is_active=True)
    columns = [Iso8601(field) if field in DATES else field for field in fields]
    rows = users.values_list(*columns).iterator(chunk_size=BATCH_SIZE)
    while batch := list(islice(rows, BATCH_SIZE)):
        yield batch
