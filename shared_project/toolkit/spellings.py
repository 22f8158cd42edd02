"""Find stored names that are spelled otherwise than they look.

Explained in chapter 5; tested in shared_project/tests/test_toolkit_spellings.py.
"""

from collections.abc import Iterator

from django.db import connection
from django.db.models import Field

from .names import is_plain_name, plain_name

BATCH = 1000
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


def other_spellings(field: Field) -> Iterator[tuple[str, str]]:
    """Yield each stored text of `field` that is not plain, its plain spelling before it.

    `field` belongs to a model and has an index. A name that you are about to store looks like
    one that is stored where it equals such a plain spelling. For SQLite and PostgreSQL.
    """
    query = UNIQUE_TEXTS[connection.vendor] if field.unique else REPEATED_TEXTS
    quote = connection.ops.quote_name
    names = {"column": quote(field.column), "table": quote(field.model._meta.db_table)}
    with connection.chunked_cursor() as cursor:
        cursor.execute(query.format(**names))
        while batch := cursor.fetchmany(BATCH):
            for (text,) in batch:
                if not is_plain_name(text):
                    yield plain_name(text), text


def lookalike_problem(quoted: str, stored: str) -> str:
    """Return why a name is refused that looks like `stored`; `quoted` is the name in quotes."""
    return f"{quoted} looks like {stored!a}, which is stored: rename that first"
