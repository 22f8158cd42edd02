"""Turn the customer texts of the old shop into customers, a batch to a transaction."""

import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet

from shared_project.shop.models import Customer, Order
from shared_project.toolkit.locks import wait_for_locks
from shared_project.toolkit.shutdown import GracefulShutdown

# Twice as many fit into one statement on every database, whatever the size of a batch.
CHUNK = 400
# What an address in its plain spelling does not have, or seldom. Written out, because neither
# SQLite's LOWER nor PostgreSQL's in every locale knows all letters.
MAYBE_NOT_PLAIN = "[A-Z]|[^ -~]|xn--"


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


def plain_address(address: str) -> str:
    """Return the plain spelling of `address`: two addresses are the same where theirs is.

    That is lower case, and a domain in letters: `bücher.example`, not `xn--bcher-kva.example`.
    The letters are in Unicode's normal form NFKC, as in the names of domains, and none of them
    is invisible.
    """
    address = address.lower()
    local, at, domain = address.rpartition("@")
    if domain.isascii() and "xn--" not in domain:
        return address
    letters = ".".join(_in_letters(label) for label in _normal(domain).split("."))
    # An emoji's domain, for one, is valid in its ASCII form alone.
    return f"{local}{at}{letters}" if validate_email.validate_domain_part(letters) else address


def _normal(text):
    visible = "".join(char for char in text if unicodedata.category(char) != "Cf")
    return unicodedata.normalize("NFKC", visible).lower()


def _in_letters(label):
    if label.startswith("xn--"):
        with suppress(UnicodeError):
            letters = label.removeprefix("xn--").encode("ascii").decode("punycode")
            # Anything else is no ASCII form of a domain, though Python can read it.
            if letters == _normal(letters) and letters.isprintable() and not letters.isascii():
                return letters
    return label


def parse_customer(text: str) -> Customer:
    """Return the unsaved customer that `text` describes: `Ada Lovelace <ada@example.com>`.

    The address gets its plain spelling. Raises ValueError with the reason where the text is
    anything else, also where it names two addresses or holds a control character.
    """
    # email.utils.parseaddr refuses nothing: it returns a part of such a text, or two empty ones.
    if re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", text):
        raise ValueError("holds a control character")
    match = re.fullmatch(r"([^<>@]*)<([^<>]*)>\s*", text)
    if not match:
        raise ValueError("is not of the form NAME <ADDRESS>")
    name = re.sub(r'^"([^"]*)"$', r"\1", match[1].strip()).strip()
    customer = Customer(name=name, email=plain_address(match[2].strip()))
    try:
        customer.clean_fields()
    except ValidationError as error:
        column, messages = next(iter(error.message_dict.items()))
        raise ValueError(f"has no valid {column}: {messages[0].rstrip('.')}") from None
    return customer


def unlinked_orders() -> QuerySet[Order]:
    return Order.objects.filter(customer=None).exclude(legacy_customer="").order_by("pk")


def link_orders(last: int, batch_size: int, stop: GracefulShutdown) -> Iterator[Batch]:
    """Link the orders up to the primary key `last` to their customers; yield every batch.

    A batch is committed when it is yielded. An order whose text is refused stays as it is.
    Raises IntegrityError where a customer is deleted meanwhile; that batch is rolled back.
    """
    others = wait_for_locks(_stored_in_another_spelling, stop)
    after = 0
    while batch := wait_for_locks(partial(_next, after, last, batch_size, others, stop), stop):
        yield batch
        # By key and not by offset: a linked order leaves the queryset, and the rest move up.
        after = batch.last


def _stored_in_another_spelling():
    """Return plain addresses that customers have in another spelling, and their primary keys.

    They were typed in by hand, or come from elsewhere. No index finds them, and to compare each
    batch with the whole table would take far longer.
    """
    rows = Customer.objects.filter(email__regex=MAYBE_NOT_PLAIN).values_list("email", "pk")
    others = {}
    # The oldest of several comes last, and stays.
    for email, pk in rows.order_by("-pk").iterator():
        if (plain := plain_address(email)) != email:
            others[plain] = pk
    return others


def _next(after, last, batch_size, others, stop):
    with transaction.atomic():
        # Every copy locks by primary key, so that they wait in turn and cannot deadlock.
        # An order that was linked during the wait is no longer selected.
        orders = (
            unlinked_orders()
            .filter(pk__gt=after, pk__lte=last)
            .select_for_update()
            .values_list("pk", "number", "legacy_customer")[:batch_size]
        )
        batch = _link_batch(orders, others)
        stop.hold()
    return batch


def _link_batch(orders, others):
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
    pks = _find_or_create(customers, others)
    # Writes this one column, so it cannot undo what a web request changes in the others.
    # `bulk_update` builds a CASE with a branch a row, which costs several times as much.
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE shop_order SET customer_id = %s WHERE id = %s AND customer_id IS NULL",
            [(pks[email], pk) for pk, email in emails.items()],
        )
    batch.linked = len(emails)
    return batch


def _find_or_create(customers, others):
    pks = _find(sorted(customers), others)
    # Sorted: two copies that insert the same customers wait in turn and cannot deadlock.
    missing = sorted(customers.keys() - pks.keys())
    Customer.objects.bulk_create(
        [customers[email] for email in missing], ignore_conflicts=True, batch_size=CHUNK
    )
    # What another copy has inserted first comes without a primary key.
    pks |= _find(missing, others)
    if lost := customers.keys() - pks.keys():
        raise IntegrityError(f"customer {min(lost)} was deleted meanwhile")
    return pks


def _find(emails, others):
    pks = {}
    for start in range(0, len(emails), CHUNK):
        chunk = emails[start : start + CHUNK]
        wanted = Q(email__in=chunk)
        if spelled_otherwise := [others[email] for email in chunk if email in others]:
            wanted |= Q(pk__in=spelled_otherwise)
        rows = Customer.objects.filter(wanted).order_by("-pk")
        # The oldest of several that have the same address comes last, and stays. What `others`
        # says may be out of date, so what is stored now counts.
        for email, pk in rows.values_list("email", "pk"):
            pks[plain_address(email)] = pk
    return pks
