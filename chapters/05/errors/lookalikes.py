"""Find texts in a file that look like other ones in the shop: `Kite` beside `Kite `."""

from itertools import islice

from django.db import connection

from errors.staging import BATCH, Staging
from shared_project.toolkit.spellings import other_spellings


def find_lookalikes(staging: Staging, name: str, limit: int) -> tuple[int, list]:
    """Return how many staged rows have a text in the field `name` that looks like a stored one.

    And the first `limit` of them, each as (row number, text, the stored one). No row counts whose
    text is stored already as it is, or where the staged rows replace what it looks like.
    """
    field = staging.model._meta.get_field(name)
    names = {
        "column": connection.ops.quote_name(field.column),
        "spellings": connection.ops.quote_name("import_spellings"),
    }
    staging.execute("CREATE TEMPORARY TABLE {spellings} (plain text, stored text)", **names)
    stored = 0
    spellings = other_spellings(field)
    while batch := list(islice(spellings, BATCH)):
        stored += len(batch)
        with connection.cursor() as cursor:
            cursor.executemany(
                staging.sql("INSERT INTO {spellings} VALUES (%s, %s)", **names), batch
            )
    count, found = _compare(staging, names, limit) if stored else (0, [])
    staging.execute("DROP TABLE {spellings}", **names)
    return count, found


def _compare(staging, names, limit):
    staging.execute(
        "DELETE FROM {spellings} WHERE EXISTS"
        " (SELECT 1 FROM {table} AS t WHERE t.{column} = plain)",
        **names,
    )
    staging.execute(
        "DELETE FROM {spellings} WHERE stored NOT IN"
        " (SELECT t.{column} FROM {spellings} AS p JOIN {table} AS t ON t.{column} = p.stored"
        " WHERE NOT EXISTS (SELECT 1 FROM {staging} AS s WHERE s.{key} = t.{key}))",
        **names,
    )
    names["alike"] = staging.sql(
        "SELECT s.row, p.plain, MIN(p.stored) FROM {spellings} AS p"
        " JOIN {staging} AS s ON s.{column} = p.plain GROUP BY s.row, p.plain",
        **names,
    )
    ((count,),) = staging.select("SELECT COUNT(*) FROM ({alike}) AS r", **names)
    return count, staging.select("{alike} ORDER BY s.row LIMIT %s", limit, **names)
