"""Find texts in a feed that look like other ones in the shop: `Kite` beside `Kite `."""

from collections.abc import Iterator

from django.core.management.base import CommandError

from shared_project.shop.models import Product
from shared_project.toolkit.spellings import lookalike_problem, other_spellings
from shared_project.toolkit.text import quoted
from styling.records import Record


def refuse_lookalikes(records: list[Record]) -> None:
    """Raise CommandError where a record brings a text that looks like one that is stored.

    Not so where that text is stored already as it is, or where the records replace what it
    looks like.
    """
    found = [*lookalikes(records)]
    if found:
        row, field, text, stored = found[0]
        more = f" So are {len(found) - 1} more." if len(found) > 1 else ""
        problem = lookalike_problem(quoted(text), stored)
        raise CommandError(f"record {row}, {field}: {problem}.{more} Nothing was changed.")


def lookalikes(records: list[Record]) -> Iterator[tuple[int, str, str, str]]:
    names = {record.name for record in records}
    for field in ("name", "category"):
        odd, texts = {}, {getattr(record, field) for record in records}
        for plain, stored in other_spellings(Product._meta.get_field(field)):
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
