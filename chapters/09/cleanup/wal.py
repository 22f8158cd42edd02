"""On SQLite, write the log back to the database between two batches, and in no commit."""

from django.db import connection

# Each ends with the disk, so a checkpoint for every batch would cost more than the batches; and
# other writers run one themselves when there is a lot to write back.
SECONDS = 0.1


class Checkpoints:
    """Within, no commit of this connection runs a checkpoint; `after` does so between batches.

    SQLite appends what a commit changes to a log, the WAL. By default the commit that finds a
    thousand pages in it writes them back to the database, and takes many times as long as others.
    A checkpoint between two transactions is in no writer's way. And one for several batches
    writes a page once that all of them have changed.

    Databases other than SQLite have no such commits, and within the caller's transaction there
    is none: nothing is done. SQLite itself ignores a checkpoint where it keeps no such log.
    """

    def __init__(self):
        self.seconds = None  # that the batches since the last checkpoint took
        self.automatic = None

    def __enter__(self):
        if connection.vendor == "sqlite" and not connection.in_atomic_block:
            self.automatic = pragma("wal_autocheckpoint")
            pragma("wal_autocheckpoint = 0")
        return self

    def __exit__(self, kind, *error):
        if self.automatic is None:
            return
        pragma(f"wal_autocheckpoint = {self.automatic}")
        if kind is None and self.seconds is not None:
            self.run()

    def after(self, seconds: float) -> None:
        """Run a checkpoint if the batches since the last one took long; this one took `seconds`.

        How long they took says how much they wrote; how many rows they had does not.
        """
        self.seconds = (self.seconds or 0) + seconds
        if self.automatic is not None and self.seconds >= SECONDS:
            self.run()

    def run(self) -> None:
        # PASSIVE waits for nobody, and nobody for it. The second one is short: it takes what
        # others wrote during the first, so that the log can begin anew instead of growing.
        for _ in range(2):
            pragma("wal_checkpoint(PASSIVE)")
        self.seconds = None


def pragma(text: str) -> int:
    """Run the pragma `text`; return the first value of its answer."""
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {text}")
        return cursor.fetchone()[0]
