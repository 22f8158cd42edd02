"""Turn the customer texts of the old shop into customers, a batch to a transaction."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower

from progress.locks import wait_for_locks
from progress.stopping import StopSignals
from shared_project.shop.models import Customer, Order

# Fits into one statement on every database, whatever the size of a batch.
CHUNK = 500


@dataclass
class Batch:
    """How many orders were linked, and the number, the text and the fault of every other one.

    `last` is the primary key of the last one.
    """

    last: int = 0
    linked: int = 0
    refused: list[tuple[str, str, str]] = field(default_factory=list)

    def __len__(self):
        return self.linked + len(self.refused)


def parse_customer(text: str) -> Customer:
    """Return the unsaved customer that `text` describes: `Ada Lovelace <ada@example.com>`.

    The address becomes lower case. Raises ValueError with the reason where the text is anything
    else, also where it names two addresses or holds a control character.
    """
    # email.utils.parseaddr refuses nothing: it returns a part of such a text, or two empty ones.
    if re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", text):
        raise ValueError("holds a control character")
    match = re.fullmatch(r"([^<>@]*)<([^<>]*)>\s*", text)
    if not match:
        raise ValueError("is not of the form NAME <ADDRESS>")
    name = re.sub(r'^"([^"]*)"$', r"\1", match[1].strip()).strip()
    customer = Customer(name=name, email=match[2].strip().lower())
    try:
        customer.clean_fields()
    except ValidationError as error:
        column, messages = next(iter(error.message_dict.items()))
        raise ValueError(f"has no valid {column}: {messages[0].rstrip('.')}") from None
    return customer


def unlinked_orders() -> QuerySet[Order]:
    return Order.objects.filter(customer=None).exclude(legacy_customer="").order_by("pk")


def link_orders(last: int, batch_size: int, stop: StopSignals) -> Iterator[Batch]:
    """Link the orders up to the primary key `last` to their customers; yield every batch.

    A batch is committed when it is yielded. An order whose text is refused stays as it is.
    Raises IntegrityError where a customer is deleted meanwhile; that batch is rolled back.
    """
    # Comparing lower(email) reads the whole table. Only an address typed in by hand needs it.
    key = "lower" if Customer.objects.exclude(email=Lower("email")).exists() else "email"
    after = 0
    while batch := wait_for_locks(partial(_next, after, last, batch_size, key, stop), stop):
        yield batch
        # By key and not by offset: a linked order leaves the queryset, and the rest move up.
        after = batch.last


def _next(after, last, batch_size, key, stop):
    with transaction.atomic():
        # Every copy locks by primary key, so that they wait in turn and cannot deadlock.
        # An order that was linked during the wait is no longer selected.
        orders = (
            unlinked_orders()
            .filter(pk__gt=after, pk__lte=last)
            .select_for_update()
            .values_list("pk", "number", "legacy_customer")[:batch_size]
        )
        batch = _link_batch(orders, key)
        stop.hold()
    return batch


def _link_batch(orders, key):
    batch = Batch()
    customers, emails = {}, {}
    for pk, number, text in orders:
        batch.last = pk
        try:
            customer = parse_customer(text)
        except ValueError as error:
            batch.refused.append((number, text, str(error)))
        else:
            # The first name that comes with an address stays.
            customers.setdefault(customer.email, customer)
            emails[pk] = customer.email
    pks = _find_or_create(customers, key)
    # Writes this one column, so it cannot undo what a web request changes in the others.
    # `bulk_update` builds a CASE with a branch a row, which costs several times as much.
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE shop_order SET customer_id = %s WHERE id = %s AND customer_id IS NULL",
            [(pks[email], pk) for pk, email in emails.items()],
        )
    batch.linked = len(emails)
    return batch


def _find_or_create(customers, key):
    pks = _find(sorted(customers), key)
    # Sorted: two copies that insert the same customers wait in turn and cannot deadlock.
    missing = sorted(customers.keys() - pks.keys())
    Customer.objects.bulk_create(
        [customers[email] for email in missing], ignore_conflicts=True, batch_size=CHUNK
    )
    # What another copy has inserted first comes without a primary key.
    pks |= _find(missing, key)
    if lost := customers.keys() - pks.keys():
        raise IntegrityError(f"customer {min(lost)} was deleted meanwhile")
    return pks


def _find(emails, key):
    # The oldest of several customers that differ in case comes last, and stays.
    rows = Customer.objects.annotate(lower=Lower("email")).order_by("-pk").values_list(key, "pk")
    pks = {}
    for start in range(0, len(emails), CHUNK):
        pks.update(rows.filter(**{f"{key}__in": emails[start : start + CHUNK]}))
    return pks
