"""Walk through a table in windows of its primary key."""

from collections.abc import Iterator
from typing import NamedTuple

from django.db.models import Count, Max, Min, QuerySet


class Span(NamedTuple):
    """How many rows there are, and the first and the last of their keys (None where none)."""

    count: int
    first: object
    last: object


def span_of(rows: QuerySet) -> Span:
    """Return the span of `rows`, in one query."""
    return Span(*rows.order_by().aggregate(Count("pk"), Min("pk"), Max("pk")).values())


def windows(table: QuerySet, span: Span, size: int) -> Iterator[tuple[object, object]]:
    """Yield pairs of keys, both included, with at most `size` rows of `table` between them.

    Together they cover the span. Gaps between keys cost nothing: a window is as wide as it has
    to be. Each is looked up when the one before it is done, so the table may change meanwhile.
    """
    keys = table.order_by("pk").values_list("pk", flat=True)
    low = span.first
    while low is not None:
        # The last key of this window and the first key of the next one.
        ends = [*keys.filter(pk__gte=low, pk__lte=span.last)[size - 1 : size + 1]]
        yield low, ends[0] if ends else span.last
        low = ends[1] if len(ends) == 2 else None
