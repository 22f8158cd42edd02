"""Delete old rows batch by batch, and stop when nothing moves any more."""

from collections import Counter
from collections.abc import Iterator
from time import perf_counter
from typing import NamedTuple

from django.db import DatabaseError
from django.db.models import QuerySet

from cleanup.locks import was_refused
from cleanup.reports import Report
from cleanup.windows import Pace, Span, span_of, windows

NAMED_ORPHANS = 20


class Batch(NamedTuple):
    """The window's keys, how many rows of it have gone, in what time, and which files have not."""

    low: object
    high: object
    rows: int
    seconds: float
    orphans: list[tuple[str, str]]


def sweep(
    report: Report, old: QuerySet, span: Span, most: int, *, dry_run: bool
) -> Iterator[Batch]:
    """Delete the rows `old`, which span `span`, and yield each batch when it is committed.

    A batch goes through `most` rows of the table, or fewer where that many would take too long.
    Where the database refuses one, its rows stay and the next batch has its turn. Then another
    pass tries what is left, as long as each pass deletes something; what is left in the end
    stands in `report`. A dry run counts, in one pass.

    Stored files that could not be removed are named up to the twentieth, then only counted.
    """
    target = report.target
    pace = Pace(most)
    moved = True
    while span.count and moved:
        moved = False
        for low, high in windows(target.model.objects.all(), span, pace):
            rows = old.filter(pk__gte=low, pk__lte=high)
            orphans = []
            start = perf_counter()
            try:
                gone = target.count(rows) if dry_run else target.delete(rows, orphans)
            except DatabaseError as error:
                if not was_refused(error):
                    raise
                report.refusal = str(error).splitlines()[0]
                gone = Counter()
            seconds = perf_counter() - start
            pace.took(seconds)
            moved = moved or gone.total() > 0
            report.gone += gone
            named = orphans[: max(0, NAMED_ORPHANS - report.orphans)]
            report.orphans += len(orphans)
            yield Batch(low, high, gone[target.model], seconds, named)
        if dry_run:
            return
        # Rows that have arrived meanwhile have higher keys. They are the next run's.
        span = span_of(old.filter(pk__lte=span.last))
    report.left = span.count
