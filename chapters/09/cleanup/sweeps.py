"""Delete old rows batch by batch, and stop when nothing moves any more."""

from collections import Counter
from collections.abc import Iterator
from time import perf_counter
from typing import NamedTuple

from django.db import DatabaseError
from django.db.models import QuerySet

from cleanup.files import first_line
from cleanup.locks import was_refused
from cleanup.reports import Report
from cleanup.windows import Pace, Span, span_of, windows
from progress.stopping import StopSignals


class Batch(NamedTuple):
    """The window's keys, how many rows of it have gone, and in what time."""

    low: object
    high: object
    rows: int
    seconds: float


def sweep(
    report: Report, old: QuerySet, span: Span, most: int, stop: StopSignals, *, dry_run: bool
) -> Iterator[Batch]:
    """Delete the rows `old`, which span `span`, and yield each batch when it is committed.

    From its commit on, `stop` holds a second signal back; `stop.between` ends that.

    A batch goes through `most` rows of the table, or fewer where that many would take too long.
    Where the database refuses one, its rows stay and the next batch has its turn. Then another
    pass tries what is left, as long as each pass deletes something; what is left in the end
    stands in `report`. A dry run counts, in one pass.
    """
    target = report.target
    pace = Pace(most)
    moved = True
    while span.count and moved:
        moved = False
        for low, high in windows(target.model.objects.all(), span, pace):
            rows = old.filter(pk__gte=low, pk__lte=high)
            start = perf_counter()
            try:
                gone = target.count(rows) if dry_run else target.delete(rows, report.files, stop)
            except DatabaseError as error:
                if not was_refused(error):
                    raise
                report.refusal = first_line(error)
                gone = Counter()
            seconds = perf_counter() - start
            pace.took(seconds)
            moved = moved or gone.total() > 0
            report.gone += gone
            yield Batch(low, high, gone[target.model], seconds)
        if dry_run:
            return
        # Rows that have arrived meanwhile have higher keys. They are the next run's.
        span = span_of(old.filter(pk__lte=span.last))
    report.left = span.count
