"""Process pending orders, a batch to a transaction."""

from collections.abc import Iterator
from functools import partial

from django.db import transaction
from django.db.models import Q, QuerySet

from shared_project.shop.models import AuditLog, Order
from shared_project.toolkit.locks import wait_for_locks
from shared_project.toolkit.shutdown import GracefulShutdown

BATCH_SIZE = 100
ACTOR = "process_orders"

# Nobody to send it to: neither a customer nor the text that the old shop stored.
NAMELESS = Q(customer=None, legacy_customer="")


def pending_orders() -> QuerySet[Order]:
    return Order.objects.filter(status=Order.Status.PENDING).order_by("pk")


def process_pending(last: int, stop: GracefulShutdown) -> Iterator[int]:
    """Process what is pending up to the primary key `last`; yield the size of every batch.

    A batch is committed when its size is yielded. The first pass leaves out orders that
    another session has locked. The second one waits for them, and processes those that are
    still pending then. So copies of the command share the work, and none ends before the work
    has been done.
    """
    for wait in (False, True):
        pks = [0]
        while pks := wait_for_locks(partial(_process_batch, pks[-1], last, wait, stop), stop):
            yield len(pks)


def _process_batch(after, last, wait, stop):
    ready = pending_orders().exclude(NAMELESS).filter(pk__gt=after, pk__lte=last)
    with transaction.atomic():
        orders = dict(
            ready.select_for_update(skip_locked=not wait).values_list("pk", "number")[:BATCH_SIZE]
        )
        AuditLog.objects.bulk_create(
            AuditLog(actor=ACTOR, action=f"processed order {number}") for number in orders.values()
        )
        Order.objects.filter(pk__in=orders).update(status=Order.Status.PROCESSED)
        stop.hold()
    return list(orders)
