"""Take a percentage of a price, exact to the cent.

Half a cent is rounded up, away from zero, as shops do it: 10.995 becomes 11.00. Python's
`round` does not (2.665 becomes 2.66: halves go to the even cent), and neither does every
version of SQLite's `ROUND`, which works on binary fractions.

A percentage is one that `arguments.percentage` of the toolkit takes: its bounds matter here.
"""

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from django.db import connection
from django.db.models import BigIntegerField, DecimalField, ExpressionWrapper, F, FloatField, Value
from django.db.models.functions import Cast, Round

CENT = Decimal("0.01")


def factor(percentage: Decimal) -> Decimal:
    """Return what `percentage` multiplies a price by: 10 gives 1.1."""
    return (100 + percentage).scaleb(-2)


def price_after(price: Decimal, percentage: Decimal) -> Decimal:
    """Return `price` changed by `percentage` (10 or -2.5), rounded to the cent."""
    return (price * factor(percentage)).quantize(CENT, ROUND_HALF_UP)


def lowest_changing_price(percentage: Decimal) -> Decimal:
    """Return the price from which on `percentage`, which is not 0, makes another price.

    For 10 that is 0.05: of a lower price, 10 % is less than half a cent.
    """
    price = (Decimal("0.5") / abs(percentage)).quantize(CENT, ROUND_FLOOR)
    # Half a cent is rounded up, so it counts when prices rise, and not when they fall.
    return price if price_after(price, percentage) != price else price + CENT


def new_price(percentage: Decimal) -> ExpressionWrapper:
    """Return the expression for what `price_after` computes, of the column `price`.

    On SQLite, prices must be from 0 to 99999999.99.
    """
    if connection.vendor == "sqlite":
        price = _in_whole_cents(factor(percentage))
    else:
        # A numeric is exact, and its ROUND takes halves away from zero.
        price = Round(F("price") * Value(factor(percentage)), precision=2)
    return ExpressionWrapper(price, output_field=DecimalField())


def _in_whole_cents(multiplier):
    # SQLite keeps a price as a binary fraction, in which 1.15 is a little less. Whole numbers
    # are exact: 1.15 × 1.10 is (115 × 110 + 50) / 100 = 127 cents, as `/` drops the remainder.
    cents = Cast(Round(F("price") * 100), BigIntegerField())
    # A multiplier is at most 101 and has up to six decimal places. Times the ten digits of a
    # price, that is about 10 ** 18, and a whole number of 63 bits goes up to 9.2 * 10 ** 18.
    new_cents = (cents * int(multiplier * 10**6) + 10**6 // 2) / 10**6
    # Divided by a float, which gives the very number that the text 12.09 is read as.
    return Cast(new_cents, FloatField()) / Value(100.0)
