"""Change the prices of many products at once: all of them or none."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TextIO

from django.core.management.base import CommandError
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Count, F, Max, QuerySet

from greet.text import printable, quoted
from shared_project.shop.models import Product
from transactions.locks import is_conflict, lock_table
from transactions.money import CENT, lowest_changing_price, new_price, price_after

PRICE = Product._meta.get_field("price")
HIGHEST_PRICE = 10 ** (PRICE.max_digits - PRICE.decimal_places) - CENT


@dataclass(frozen=True)
class Outcome:
    changed: int  # prices that are another now
    total: int  # prices that were looked at


def change_prices(
    products: QuerySet,
    percentage: Decimal,
    *,
    listing: TextIO | None = None,
    on_wait: Callable[[], None] = lambda: None,
) -> Outcome:
    """Change the prices of `products` by `percentage`, in one transaction of its own.

    When it returns, the change is committed. A line for each changed price is written to
    `listing`. `on_wait` is called where other writers make it wait for more than two seconds.
    Raises CommandError where a new price does not fit, where the database refuses one, and
    where other writers do not finish in time; then nothing has changed.
    """
    try:
        with transaction.atomic(durable=True):
            lock_table(Product, on_wait)
            total = count_fitting(products, percentage)
            changing = changing_prices(products, percentage)
            if listing is not None:
                write_list(changing, listing)
            changed = changing.update(price=F("new_price"))
    except IntegrityError as error:
        reason = printable(str(error).splitlines()[0])
        raise CommandError(f"The database refused: {reason}. Nothing changed.") from error
    except OperationalError as error:
        if not is_conflict(error):
            raise
        raise CommandError(
            "Somebody else is writing to the products. Nothing changed; run the command again."
        ) from error
    return Outcome(changed, total)


def preview_prices(
    products: QuerySet, percentage: Decimal, *, listing: TextIO | None = None
) -> Outcome:
    """Return, list and raise what `change_prices` would; change nothing and lock nothing."""
    total = count_fitting(products, percentage)
    changing = changing_prices(products, percentage)
    if listing is not None:
        write_list(changing, listing)
    return Outcome(changing.count(), total)


def count_fitting(products: QuerySet, percentage: Decimal) -> int:
    """Return how many `products` there are; raise CommandError where a new price is too high.

    PostgreSQL would refuse such a price, naming no product; SQLite would store it, and fail to
    read it from then on.
    """
    if price_after(CENT, percentage) > HIGHEST_PRICE:
        raise CommandError(f"--percentage: {percentage} is too much for any price.")
    found = products.aggregate(count=Count("*"), highest=Max("price"))
    if found["count"]:
        # The highest price before is the highest price after.
        highest = found["highest"]
        raised = price_after(highest, percentage)
        if max(highest, raised) > HIGHEST_PRICE:
            name = products.order_by("-price").values_list("name", flat=True)[0]
            verb = f"costs {highest:.2f}" if highest > HIGHEST_PRICE else f"would cost {raised}"
            raise CommandError(
                f"{quoted(name)} {verb}, and {HIGHEST_PRICE} is the most that fits. "
                "Nothing changed."
            )
    return found["count"]


def changing_prices(products: QuerySet, percentage: Decimal) -> QuerySet:
    """Return those `products` whose price becomes another, with that one as `new_price`."""
    priced = products.annotate(new_price=new_price(percentage))
    if not percentage or lowest_changing_price(percentage) > HIGHEST_PRICE:
        return priced.none()
    # Cheaper than a comparison of both prices, which would compute the new one twice a row.
    return priced.filter(price__gte=lowest_changing_price(percentage))


def write_list(changing: QuerySet, listing: TextIO) -> None:
    rows = changing.order_by("pk").values_list("name", "price", "new_price")
    for name, old, new in rows.iterator():
        listing.write(f"{printable(name)}: {old:.2f} -> {new:.2f}\n")
