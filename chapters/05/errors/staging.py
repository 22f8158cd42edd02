"""Bring rows into a model's table by way of a temporary table beside it."""

import logging
from collections.abc import Iterable, Sequence
from itertools import islice

from django.db import connection

BATCH = 1000

# psycopg logs it, too, when a session is lost during COPY. Where the project has set up no
# handler, Python would print that beside the error.
logging.getLogger("psycopg").addHandler(logging.NullHandler())


class Staging:
    """A temporary table that holds the rows of a file until all of them are known to be right.

    Create and use it within one transaction: where that is rolled back, the table is gone too.
    `fields` are names of fields of `model`; the first must be unique in it.
    """

    def __init__(self, model, fields: list[str]):
        self.model = model
        quote = connection.ops.quote_name
        fields = [model._meta.get_field(name) for name in fields]
        columns = [quote(field.column) for field in fields]
        key, *others = columns
        self.names = {
            "table": quote(model._meta.db_table),
            "pk": quote(model._meta.pk.column),
            "staging": quote("import_staging"),
            "key": key,
            "columns": ", ".join(columns),
            "marks": ", ".join(["%s"] * (len(columns) + 1)),
            "assignments": ", ".join(f"{column} = s.{column}" for column in others),
            "differs": " OR ".join(f"t.{column} <> s.{column}" for column in others),
            # The model's own types: they decide what is equal, and how SQLite stores a price.
            "types": ", ".join(
                f"{column} {field.db_type(connection)}"
                for column, field in zip(columns, fields, strict=True)
            ),
        }
        self.execute("CREATE TEMPORARY TABLE {staging} ({types}, row bigint)")

    def fill(self, rows: Iterable[Sequence]) -> None:
        """Store `rows`: the values of the fields, None where one is wrong, and a row number."""
        if connection.vendor == "postgresql":
            with (
                # COPY works with the driver's own objects, which raise the driver's own errors.
                connection.wrap_database_errors,
                connection.cursor() as cursor,
                cursor.copy(self.sql("COPY {staging} FROM STDIN")) as copy,
            ):
                for row in rows:
                    copy.write_row(row)
            self.execute("ANALYZE {staging}")
            return
        insert = self.sql("INSERT INTO {staging} VALUES ({marks})")
        rows = iter(rows)
        with connection.cursor() as cursor:
            # Django's executemany holds on to what it is given, so never give it the whole file.
            while batch := list(islice(rows, BATCH)):
                cursor.executemany(insert, batch)
        # In the order of the key, SQLite reads and writes its pages one after the other.
        self.execute("CREATE INDEX import_staging_key ON {staging} ({columns}, row)")

    def duplicates(self, limit: int) -> tuple[int, list[tuple[str, int, int]]]:
        """Return how many rows repeat the key of an earlier row, and the first `limit` of them.

        Each as (key, row number, the number of the first row that has the key).
        """
        ((count,),) = self.select(
            "SELECT SUM(copies) FROM (SELECT COUNT(*) - 1 AS copies FROM {staging}"
            " GROUP BY {key} HAVING COUNT(*) > 1) AS r"
        )
        if not count:
            return 0, []
        shown = self.select(
            "SELECT {key}, row, first FROM (SELECT {key}, row,"
            " MIN(row) OVER (PARTITION BY {key}) AS first FROM {staging}) AS r"
            " WHERE row > first ORDER BY row LIMIT %s",
            limit,
        )
        return int(count), shown

    def apply(self) -> tuple[int, int]:
        """Insert the rows that are new, update those that differ; return how many of each.

        Correct while others write to the model's table: what somebody inserts between the two
        steps is updated in the second.
        """
        created = self.execute(
            "INSERT INTO {table} ({columns}) SELECT {columns} FROM {staging} AS s"
            " WHERE NOT EXISTS (SELECT 1 FROM {table} AS t WHERE t.{key} = s.{key})"
            " ORDER BY {key} ON CONFLICT ({key}) DO NOTHING"
        )
        if connection.vendor == "postgresql":
            # Whoever locks many rows locks them in the order of their keys, or two of them can
            # wait for each other for ever. An UPDATE has no order of its own.
            self.execute(
                "SELECT COUNT(*) FROM (SELECT 1 FROM {table} AS t, {staging} AS s"
                " WHERE t.{key} = s.{key} AND ({differs})"
                " ORDER BY t.{pk} FOR NO KEY UPDATE OF t) AS locked"
            )
        updated = self.execute(
            "UPDATE {table} AS t SET {assignments} FROM {staging} AS s"
            " WHERE t.{key} = s.{key} AND ({differs})"
        )
        self.execute("DROP TABLE {staging}")
        return created, updated

    def sql(self, template, **names):
        return template.format(**self.names, **names)

    def select(self, template, *parameters, **names):
        with connection.cursor() as cursor:
            cursor.execute(self.sql(template, **names), parameters)
            return cursor.fetchall()

    def execute(self, template, **names):
        with connection.cursor() as cursor:
            cursor.execute(self.sql(template, **names))
            return cursor.rowcount
