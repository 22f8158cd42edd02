"""Delete old rows batch by batch, and stop when nothing moves any more."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from time import perf_counter
from typing import NamedTuple

from django.db import DatabaseError
from django.db.models import QuerySet

from cleanup.files import first_line
from cleanup.locks import was_refused
from cleanup.results import TargetResult
from cleanup.targets import Target
from shared_project.toolkit.batches import AdaptiveBatchSize, KeyRange, key_range, pk_ranges
from shared_project.toolkit.locks import set_lock_timeout, wait_for_locks
from shared_project.toolkit.shutdown import GracefulShutdown


class Batch(NamedTuple):
    """The window's keys, how many rows of it have gone, and in what time."""

    low: object
    high: object
    rows: int
    seconds: float


@contextmanager
def beside_the_shop(target: Target, *, dry_run: bool) -> Iterator[None]:
    """Within, no statement waits longer than half a second for a lock.

    After a whole second (deadlock_timeout), PostgreSQL ends one of two sessions that wait for each
    other, and it might be the shop's. How safe the commits are is up to the target.
    """
    with set_lock_timeout(), nullcontext() if dry_run else target.commits():
        yield


def old_keys(old: QuerySet, stop: GracefulShutdown) -> KeyRange:
    """Return the range of the keys of `old`, also where a migration holds the table for a while.

    A signal ends the wait.
    """
    return wait_for_locks(lambda: key_range(old), stop)


def delete_in_batches(
    result: TargetResult,
    old: QuerySet,
    keys: KeyRange,
    most: int,
    stop: GracefulShutdown,
    *,
    dry_run: bool,
) -> Iterator[Batch]:
    """Delete the rows `old`, whose keys are in `keys`, and yield each batch when it is committed.

    From its commit on, `stop` holds a second signal back; `stop.between` ends that.

    A batch goes through `most` rows of the table, or fewer where that many would take too long.
    Where the database refuses one, its rows stay and the next batch has its turn. Then another
    pass tries what is left, as long as each pass deletes something; what is left in the end
    stands in `result`. A dry run counts, in one pass.
    """
    target = result.target
    batch_size = AdaptiveBatchSize(most)
    moved = True
    while keys.count and moved:
        moved = False
        for low, high in pk_ranges(target.model.objects.all(), keys, batch_size):
            rows = old.filter(pk__gte=low, pk__lte=high)
            start = perf_counter()
            try:
                gone = target.count(rows) if dry_run else target.delete(rows, result.files, stop)
            except DatabaseError as error:
                if dry_run or not was_refused(error):
                    raise
                result.refusal = first_line(error)
                gone = Counter()
            seconds = perf_counter() - start
            batch_size.took(seconds)
            moved = moved or gone.total() > 0
            result.gone += gone
            yield Batch(low, high, gone[target.model], seconds)
        if dry_run:
            return
        # Rows that have arrived meanwhile have higher keys. They are the next run's.
        keys = key_range(old.filter(pk__lte=keys.last))
    result.left = keys.count
