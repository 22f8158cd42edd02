"""Find texts in a file that look like other ones in the shop: `Kite` beside `Kite `."""

from collections.abc import Iterator
from itertools import islice

from django.db import connection

from errors.staging import BATCH, Staging
from shared_project.toolkit.text import is_plain_name, plain_name

# The database looks at each text once. Python, which is slower, compares what these let through.
UNIQUE_TEXTS = {
    "postgresql": "SELECT {column} FROM {table} WHERE {column} ~ '[^ -~]|^ | $|  '",
    # A character beyond ASCII has more bytes than one, and json_quote gives a control character
    # more, too. A pattern takes twice the time.
    "sqlite": (
        "SELECT {column} FROM {table}"
        " WHERE length(CAST(json_quote({column}) AS BLOB)) <> length({column}) + 2"
        " OR {column} <> trim({column}) OR instr({column}, '  ') > 0"
        " OR instr({column}, char(127)) > 0"
    ),
}
# From one text to the next in the index, however many rows share it. Neither database would do
# so for DISTINCT.
REPEATED_TEXTS = (
    "WITH RECURSIVE texts (text) AS (SELECT MIN({column}) FROM {table} UNION ALL"
    " SELECT (SELECT MIN({column}) FROM {table} WHERE {column} > text) FROM texts"
    " WHERE text IS NOT NULL) SELECT text FROM texts WHERE text IS NOT NULL"
)


def find_lookalikes(staging: Staging, name: str, limit: int) -> tuple[int, list]:
    """Return how many staged rows have a text in the field `name` that looks like a stored one.

    And the first `limit` of them, each as (row number, text, the stored one). No row counts whose
    text is stored already as it is, or where the staged rows replace what it looks like.
    """
    field = staging.model._meta.get_field(name)
    texts = UNIQUE_TEXTS[connection.vendor] if field.unique else REPEATED_TEXTS
    names = {
        "column": connection.ops.quote_name(field.column),
        "spellings": connection.ops.quote_name("import_spellings"),
    }
    staging.execute("CREATE TEMPORARY TABLE {spellings} (plain text, stored text)", **names)
    stored = 0
    spellings = other_spellings(staging.sql(texts, **names))
    while batch := list(islice(spellings, BATCH)):
        stored += len(batch)
        with connection.cursor() as cursor:
            cursor.executemany(
                staging.sql("INSERT INTO {spellings} VALUES (%s, %s)", **names), batch
            )
    count, found = _compare(staging, names, limit) if stored else (0, [])
    staging.execute("DROP TABLE {spellings}", **names)
    return count, found


def other_spellings(query: str) -> Iterator[tuple[str, str]]:
    """Yield each text that `query` selects and that is not plain, its plain spelling before it."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(query)
        while batch := cursor.fetchmany(BATCH):
            for (text,) in batch:
                if not is_plain_name(text):
                    yield plain_name(text), text


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
