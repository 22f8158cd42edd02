"""Change the prices of many products at once: all of them or none."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.core.management.base import CommandError
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import Count, F, Max, QuerySet

from shared_project.shop.models import Product
from shared_project.toolkit.locks import is_conflict, lock_table
from shared_project.toolkit.output import Listing
from shared_project.toolkit.text import printable, quoted
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
    listing: Listing | None = None,
    on_wait: Callable[[], None] = lambda: None,
    before_commit: Callable[[Outcome], None] = lambda _: None,
) -> Outcome:
    """Change the prices of `products` by `percentage`, in one transaction of its own.

    When it returns, the change is committed. A line for each changed price is written to
    `listing`. `on_wait` is called where other writers make it wait for more than two seconds,
    `before_commit` with the outcome as the last thing before the commit.
    Raises CommandError where a new price does not fit, where the database refuses one, and
    where other writers do not finish in time; then nothing has changed. Where the session is
    lost during the commit, nobody knows, and the message says so.
    """
    session = None
    try:
        with transaction.atomic(durable=True):
            lock_table(Product, on_wait)
            total = count_fitting(products, percentage)
            changing = changing_prices(products, percentage)
            if listing is not None:
                write_list(changing, listing)
            outcome = Outcome(changing.update(price=F("new_price")), total)
            before_commit(outcome)
            session = connection.connection
    except IntegrityError as error:
        reason = printable(str(error).splitlines()[0])
        raise CommandError(f"The database refused: {reason}. Nothing changed.") from error
    except OperationalError as error:
        if is_conflict(error):
            message = (
                "Somebody else is writing to the products. Nothing changed; run the command again."
            )
        elif session is not None and connection.connection is not session:
            # Django has opened another one, or none.
            message = (
                "The connection was lost during the commit, so the prices may have changed. "
                "Look at one before you run the command again."
            )
        else:
            raise
        raise CommandError(message) from error
    return outcome


def preview_prices(
    products: QuerySet, percentage: Decimal, *, listing: Listing | None = None
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
    if not percentage:
        return priced.none()
    # Cheaper than a comparison of both prices, which would compute the new one twice a row.
    return priced.filter(price__gte=lowest_changing_price(percentage))


def write_list(changing: QuerySet, listing: Listing) -> None:
    rows = changing.order_by("pk").values_list("name", "price", "new_price")
    for name, old, new in rows.iterator():
        listing.write(f"{printable(name)}: {old:.2f} -> {new:.2f}")
    listing.finish()
