"""Bring the products up to date with a list of records."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from shared_project.shop.models import Product
from shared_project.toolkit.locks import lock_table
from styling.lookalikes import refuse_lookalikes
from styling.records import Record

BATCH_SIZE = 500
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Change:
    """What the feed says of a product, and what the shop said before (None: nothing)."""

    product: Product
    before: Product | None

    @property
    def action(self) -> str:
        if self.before is None:
            return "new"
        return "changed" if self.differences() else "unchanged"

    def brings_a_text(self) -> bool:
        """Say whether a name or a category is stored for this product that was not before."""
        return self.before is None or self.before.category != self.product.category

    def differences(self) -> list[tuple[str, object, object]]:
        """Return (field, old value, new value) for what differs from a product that was there."""
        return [
            (field, getattr(self.before, field), getattr(self.product, field))
            for field in ("price", "category")
            if getattr(self.before, field) != getattr(self.product, field)
        ]


def synchronize(
    records: list[Record], on_wait: Callable[[], None] = lambda: None
) -> Iterator[Change]:
    """Store what is new or changed in `records`, each fit for Product; yield what was done.

    Raises CommandError where a text in it looks like another one that is stored. Call it in a
    transaction and go through to the end. Products that the records do not name stay as they
    are. `on_wait` is called where other writers make it wait for more than two seconds.
    """
    # A second copy of the command then waits, instead of inserting the same names, and no two
    # writers wait for each other's rows.
    lock_table(Product, on_wait)
    compared = False
    for start in range(0, len(records), BATCH_SIZE):
        products = [to_product(record) for record in records[start : start + BATCH_SIZE]]
        names = [product.name for product in products]
        stored = {product.name: product for product in Product.objects.filter(name__in=names)}
        changes = [Change(product, stored.get(product.name)) for product in products]
        if not compared and any(change.brings_a_text() for change in changes):
            # Only now, and once: it reads the whole table.
            refuse_lookalikes(records)
            compared = True
        Product.objects.bulk_create(
            [change.product for change in changes if change.action != "unchanged"],
            update_conflicts=True,
            unique_fields=["name"],
            update_fields=["price", "category"],
        )
        yield from changes


def to_product(record: Record) -> Product:
    """Return the product that `record` describes, its price in cents: 1.5 is 1.50."""
    price = record.price.quantize(CENT)
    return Product(name=record.name, price=price, category=record.category)
