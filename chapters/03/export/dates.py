"""Dates and times as text, in ISO 8601 and UTC: 2026-11-23T09:30:00.000000+00:00.

The database writes them: a datetime object for every cell, and its text, would take longer than
all the rest of an export.
"""

import collections
import contextlib
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from django.core.management.base import CommandError
from django.db.models import Func, TextField
from django.utils.dateparse import parse_datetime

from shared_project.toolkit.text import quoted

SHAPE = "0000-00-00T00:00:00.000000+00:00"
DIGITS_TO_ZEROS = str.maketrans("123456789", "000000000")
AS_STORED = "!"  # what begins with it is for `in_utc` to read


class Iso8601(Func):
    """The text of a date and time column, for SQLite and PostgreSQL. `in_utc` completes it.

    Alone, it is right where Django wrote the column and stores its dates in UTC. On SQLite it
    takes any text of Django's two shapes for a date in UTC, the 30th of February too. Text of
    another shape comes as it is stored, behind AS_STORED, and so does a moment on PostgreSQL
    that is not of the years 1 to 9999. Other databases refuse the SQL.
    """

    arity = 1
    output_field = TextField()

    def as_sqlite(self, compiler, connection, **context):
        # SQLite has no type for dates: the column is text, and any program may have written it.
        # Django's own has two shapes, with a fraction and without.
        start = "SUBSTR(%(expressions)s, 1, 10) || 'T' || SUBSTR(%(expressions)s, 12)"
        template = (
            "CASE WHEN %(expressions)s GLOB '????-??-?? ??:??:??.??????'"
            f" THEN {start} || '+00:00'"
            " WHEN %(expressions)s GLOB '????-??-?? ??:??:[0-9][0-9]'"
            f" THEN {start} || '.000000+00:00'"
            f" ELSE '{AS_STORED}' || CAST(%(expressions)s AS TEXT) END"
        )
        return self._from_template(template, compiler, connection, **context)

    def as_postgresql(self, compiler, connection, **context):
        # TO_CHAR writes the year 44 BC as 0044, and infinity as nothing.
        pattern = """'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'"""
        template = (
            "CASE WHEN %(expressions)s >= '0001-01-01 00:00:00+00'"
            " AND %(expressions)s < '10000-01-01 00:00:00+00'"
            f" THEN TO_CHAR(%(expressions)s AT TIME ZONE 'UTC', {pattern})"
            f" ELSE '{AS_STORED}' || CAST(%(expressions)s AS TEXT) END"
        )
        return self._from_template(template, compiler, connection, **context)

    def _from_template(self, template, compiler, connection, **context):
        sql, parameters = self.as_sql(compiler, connection, template=template, **context)
        return sql, [*parameters] * template.count("%(expressions)s")


def in_utc(rows: list[tuple], dates: dict[int, str], connection) -> list[tuple]:
    """Return `rows` as read from `connection`, their Iso8601 columns completed.

    `dates` has the index and the name of each such column. What the ORM reads as a date and time
    becomes the same moment in UTC; CommandError names what it cannot read.
    """
    typed = connection.vendor == "postgresql"
    # `timezone_name` is Django's own and not documented: look at it again at each upgrade. It
    # knows the entry's TIME_ZONE in DATABASES, and what USE_TZ = False means.
    stored_in_utc = typed or connection.timezone_name == "UTC"
    zone = UTC if stored_in_utc else ZoneInfo(connection.timezone_name)
    todo = {
        index: name
        for index, name in dates.items()
        if not (stored_in_utc and _are_complete([row[index] or "" for row in rows], typed=typed))
    }
    if not todo:
        return rows
    columns = list(zip(*rows, strict=True))
    for index, name in todo.items():
        columns[index] = [cell and _complete(cell, name, zone) for cell in columns[index]]
    return list(zip(*columns, strict=True))


def _are_complete(cells: list[str], *, typed: bool) -> bool:
    # All at once, because a few steps for each cell cost as much as its datetime object.
    text = "".join(cells)
    if typed:
        return AS_STORED not in text
    cells = [*filter(None, cells)]
    if text.translate(DIGITS_TO_ZEROS) != SHAPE * len(cells) or "T24:" in text:
        return False
    try:
        collections.deque(map(datetime.fromisoformat, cells), maxlen=0)
    except ValueError:  # the 30th of February
        return False
    return True


def _complete(cell: str, name: str, zone: tzinfo) -> str:
    text = cell[1:] if cell[0] == AS_STORED else f"{cell[:10]} {cell[11:26]}"
    with contextlib.suppress(ValueError, OverflowError):
        moment = parse_datetime(text)  # as the ORM does
        if moment and moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        if moment:
            return moment.astimezone(UTC).isoformat(timespec="microseconds")
    raise CommandError(
        f"{name}: {quoted(text)} is not a date and time of the years 1 to 9999. "
        "Correct it in the database, then run the command again."
    )
