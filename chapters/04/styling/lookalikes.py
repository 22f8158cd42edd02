"""Find texts in a feed that look like other ones in the shop: `Kite` beside `Kite `."""

from collections.abc import Iterator

from django.core.management.base import CommandError
from django.db import connection

from greet.text import quoted
from shared_project.shop.models import Product
from shared_project.toolkit.text import plain_name
from styling.records import Record

# The database looks at each text. Python, which is slower, compares what these let through.
NOT_PLAIN = {
    "postgresql": "{column} ~ '[^ -~]|^ | $|  '",
    "sqlite": (
        "{column} GLOB '*[^ -~]*' OR {column} <> trim({column}) OR instr({column}, '  ') > 0"
    ),
}


def refuse_lookalikes(records: list[Record]) -> None:
    """Raise CommandError where a record brings a text that looks like one that is stored.

    Not so where that text is stored already as it is, or where the records replace what it
    looks like.
    """
    found = [*lookalikes(records)]
    if found:
        row, field, text, stored = found[0]
        more = f" So are {len(found) - 1} more." if len(found) > 1 else ""
        raise CommandError(
            f"record {row}, {field}: {quoted(text)} looks like {stored!a}, which is stored: "
            f"rename that first.{more} Nothing was changed."
        )


def lookalikes(records: list[Record]) -> Iterator[tuple[int, str, str, str]]:
    names = {record.name for record in records}
    for field in ("name", "category"):
        odd, texts = {}, {getattr(record, field) for record in records}
        for stored in odd_texts(field):
            plain = plain_name(stored)
            if plain not in texts:
                continue
            alike = Product.objects.filter(**{field: stored}).values_list("name", flat=True)
            if names.issuperset(alike.iterator()):
                continue
            if not Product.objects.filter(**{field: plain}).exists():
                odd[plain] = stored
        for row, record in enumerate(records, 1) if odd else ():
            text = getattr(record, field)
            if text in odd:
                yield row, field, text, odd[text]


def odd_texts(field: str) -> set[str]:
    """Return the stored texts that `plain_name` would change."""
    quote = connection.ops.quote_name
    column, table = quote(field), quote(Product._meta.db_table)
    condition = NOT_PLAIN[connection.vendor].format(column=column)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT {column} FROM {table} WHERE {condition}")  # noqa: S608
        return {text for (text,) in cursor if plain_name(text) != text}
