"""Walk through a table in ranges of its primary key.

Explained in chapter 9; tested in chapters/09/tests/test_batches.py.
"""

from collections.abc import Iterator
from typing import NamedTuple

from django.db.models import Count, Max, Min, QuerySet

FEWEST_ROWS = 100
# Not near the 10 ms that no writer should wait: where dates follow no order, now and then a batch
# takes twice as long as the one before it.
SECONDS = 0.003
# One lucky measurement makes no long batch, and one stall of the disk makes few small ones.
GROWTH = 2


class KeyRange(NamedTuple):
    """How many rows there are, and the first and the last of their keys (None where none)."""

    count: int
    first: object
    last: object


class AdaptiveBatchSize:
    """How many rows a batch goes through: what takes 3 ms at the last one's speed, `most` at most.

    The first batch has 100 rows. No later one has less, however slow the database is; where
    `most` is 100 or less, all batches are of that size.
    """

    def __init__(self, most: int):
        self.most = most
        self.fewest = self.size = min(most, FEWEST_ROWS)

    def took(self, seconds: float) -> None:
        """Set the size of the next batch; the last one took `seconds`."""
        size = int(self.size * SECONDS / max(seconds, SECONDS / GROWTH))
        self.size = max(self.fewest, min(size, self.most))


def key_range(rows: QuerySet) -> KeyRange:
    """Return the range of the keys of `rows`, in one query."""
    return KeyRange(*rows.order_by().aggregate(Count("pk"), Min("pk"), Max("pk")).values())


def pk_ranges(
    table: QuerySet, keys: KeyRange, batch_size: AdaptiveBatchSize
) -> Iterator[tuple[object, object]]:
    """Yield pairs of keys, both included, with at most `batch_size` rows of `table` between them.

    Together they cover the keys. Gaps between keys cost nothing: a range is as wide as it has
    to be. Each is looked up when the one before it is done, so the table and the size may change
    meanwhile.
    """
    table_keys = table.order_by("pk").values_list("pk", flat=True)
    low = keys.first
    while low is not None:
        size = batch_size.size
        # The last key of this range and the first key of the next one.
        ends = [*table_keys.filter(pk__gte=low, pk__lte=keys.last)[size - 1 : size + 1]]
        yield low, ends[0] if ends else keys.last
        low = ends[1] if len(ends) == 2 else None
