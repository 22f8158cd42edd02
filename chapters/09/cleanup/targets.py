"""What there is to clean up, and how a batch of it goes."""

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import connection, transaction
from django.db.models import Exists, Model, OuterRef, QuerySet

from cleanup.commits import asynchronous_commits, durable_commits
from cleanup.files import StoredFiles, check_storage
from shared_project.shop.models import AuditLog, CartItem, Order, Session, TempFile
from shared_project.toolkit.shutdown import GracefulShutdown
from shared_project.toolkit.sqlite import interrupt_waits

# SQLite allows a limited number of parameters in a statement.
KEYS_IN_A_STATEMENT = 500


@dataclass(frozen=True)
class Target:
    """Rows that go when their `date_field` lies before the cutoff, and nothing goes with them."""

    model: type[Model]
    date_field: str

    def old(self, cutoff: datetime) -> QuerySet:
        """Return the rows that are older than `cutoff` and may go."""
        return self.model.objects.filter(**{f"{self.date_field}__lt": cutoff}).order_by("pk")

    def kept(self, cutoff: datetime) -> int:
        """Return how many rows are older than `cutoff` and still needed."""
        return 0

    def commits(self) -> AbstractContextManager[None]:
        """Within, commits are as safe as these rows ask for: the next night finds what is back."""
        return asynchronous_commits()

    def count(self, rows: QuerySet) -> Counter:
        """Return how many rows of which model `delete` would delete."""
        return Counter({self.model: rows.count()})

    def delete(self, rows: QuerySet, files: StoredFiles, stop: GracefulShutdown) -> Counter:
        """Delete `rows`, a batch of the old ones; return how many of which model have gone.

        `files` removes what the rows had stored. From the commit on, `stop` holds a second signal
        back, so that what has gone is also counted.
        """
        # One statement is a transaction of its own, and BEGIN and COMMIT would cost as much again.
        # Within the caller's transaction, a refusal must not spoil what the caller did.
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            # The statement's end is the commit. While it waits for SQLite's lock, it has done
            # nothing, and a signal may end it.
            stop.hold()
            with interrupt_waits(partial(end_wait, stop)):
                return Counter({self.model: delete_by_condition(rows)})


@dataclass(frozen=True)
class TargetWithChildren(Target):
    """Rows that take the rows of `child` with them whose foreign key `parent` names them."""

    child: type[Model]
    parent: str

    def count(self, rows):
        children = self.child.objects.filter(**{f"{self.parent}__in": rows.order_by()})
        return Counter({self.model: rows.count(), self.child: children.count()})

    def delete(self, rows, files, stop):
        gone = Counter({self.model: 0, self.child: 0})
        with transaction.atomic():
            for batch in lock(rows, "pk"):
                keys = delete_locked(rows, [key for (key,) in batch])
                # Their parents have gone before them: Django's foreign keys are checked at the
                # commit. So a session that a trigger keeps also keeps its cart.
                children = self.child.objects.filter(**{f"{self.parent}__in": keys})
                gone += Counter({self.model: len(keys), self.child: delete_by_condition(children)})
            stop.hold()
        return gone


@dataclass(frozen=True)
class TargetWithFile(Target):
    """Rows with a stored file in `file_field`, which may go unless `user.reference` names them."""

    file_field: str
    user: type[Model]
    reference: str

    @property
    def field(self):
        return self.model._meta.get_field(self.file_field)

    @property
    def in_use(self):
        return Exists(self.user.objects.filter(**{self.reference: OuterRef("pk")}))

    def old(self, cutoff):
        return super().old(cutoff).exclude(self.in_use)

    def kept(self, cutoff):
        return super().old(cutoff).filter(self.in_use).count()

    def commits(self):
        # A row that a crash brought back would name a file that is gone for good.
        return durable_commits()

    def count(self, rows):
        check_storage(self.field)
        return super().count(rows)

    def delete(self, rows, files, stop):
        check_storage(self.field)
        gone = Counter({self.model: 0})
        with transaction.atomic():
            for batch in lock(rows, "pk", self.file_field):
                names = dict(batch)
                keys = delete_locked(rows, names)
                gone[self.model] += len(keys)
                # After the commit: a rollback brings back a row, but never a file.
                stored = [names[key] for key in keys]
                transaction.on_commit(partial(files.remove, self.field, stored))
            stop.hold()
        return gone


TARGETS = {
    "audit_logs": Target(AuditLog, "created_at"),
    "sessions": TargetWithChildren(Session, "last_activity", CartItem, "session"),
    "temp_files": TargetWithFile(TempFile, "uploaded_at", "file", Order, "receipt"),
}


def end_wait(stop: GracefulShutdown) -> None:
    """Let a signal that has come end the program, though a batch is held."""
    if stop.requested:
        stop.release()
        stop.exit_if_requested()


def delete_by_condition(rows: QuerySet) -> int:
    """Delete `rows` by one DELETE that repeats their conditions; return how many have gone.

    `rows.delete()` reads rows that have children first, then deletes by key alone: a row that
    was touched in between would go too.
    """
    # Private, so a release of Django may change it without notice; and it follows no cascade and
    # sends no signal. What is public would cost each batch a BEGIN and a COMMIT more, and would
    # drop the conditions on the day when a model gets its first child. It returns None where the
    # conditions can match nothing, so that Django sends no query.
    return rows._raw_delete(rows.db) or 0


def delete_locked(rows: QuerySet, keys: Collection) -> list:
    """Delete those of `rows` that have these keys; return the keys of the ones that have gone.

    A trigger may keep a row without a word.
    """
    if delete_by_condition(rows.filter(pk__in=keys)) == len(keys):
        return [*keys]
    left = {*rows.model.objects.filter(pk__in=keys).values_list("pk", flat=True)}
    return [key for key in keys if key not in left]


def lock(rows: QuerySet, *fields: str) -> Iterator[list[tuple]]:
    """Lock `rows` against other sessions; yield `fields` of them in lists for one statement each.

    Rows that another session holds are in use, so they are left out, not waited for. On SQLite
    the transaction itself keeps other writers out.
    """
    locked = [*rows.select_for_update(skip_locked=True).values_list(*fields)]
    for start in range(0, len(locked), KEYS_IN_A_STATEMENT):
        yield locked[start : start + KEYS_IN_A_STATEMENT]
