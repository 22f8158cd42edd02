from argparse import ArgumentTypeError
from decimal import ROUND_HALF_UP, Decimal

import pytest
from django.db import connection

from shared_project.shop.models import Product
from shared_project.toolkit import arguments
from transactions.money import CENT, factor, lowest_changing_price, new_price, price_after


def computed(percentage):
    """Return what the database computes for every product, as exactly as its driver gives it."""
    expression = new_price(Decimal(percentage))
    queryset = Product.objects.order_by("pk").values_list(expression)
    with connection.cursor() as cursor:
        cursor.execute(*queryset.query.sql_with_params())
        return [Decimal(str(value)) for (value,) in cursor]


@pytest.mark.parametrize(
    ("price", "percentage", "after"),
    [
        ("10.99", "10", "12.09"),
        ("1.15", "10", "1.27"),  # 1.265, which no float is
        ("5.33", "-50", "2.67"),  # 2.665, and half-even gives 2.66
        ("0.04", "10", "0.04"),
        ("0.05", "10", "0.06"),
        ("99999999.99", "0.0001", "100000099.99"),
        ("99999999.99", "9999.9999", "10099999898.99"),
        ("99999999.99", "10000", "10099999998.99"),
    ],
)
def test_half_a_cent_is_rounded_up(price, percentage, after):
    assert price_after(Decimal(price), Decimal(percentage)) == Decimal(after)


def test_a_factor_has_every_digit_of_the_percentage():
    assert str(factor(Decimal("33.3333"))) == "1.333333"


def test_the_database_computes_every_price_to_1000_exactly(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO shop_product (id, name, price, category) "
            "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
            "SELECT i, i, i / 100.0, '' FROM n"
        )
    prices = [Decimal(cents).scaleb(-2) for cents in range(100_001)]
    for percentage, multiplier in [("10", Decimal("1.10")), ("50", Decimal("1.50"))]:
        assert computed(percentage) == [
            (price * multiplier).quantize(CENT, ROUND_HALF_UP) for price in prices
        ]


@pytest.mark.parametrize(
    "price", ["0.00", "0.01", "1.15", "49999999.97", "66666666.65", "99999999.99"]
)
@pytest.mark.parametrize(
    "percentage",
    ["49.9999", "-2.5", "-50", "-99.9999", "3.3333", "0.0001", "9999.9999", "10000", "10000.0000"],
)
def test_the_database_computes_every_price_and_percentage_exactly(db, price, percentage):
    Product.objects.create(name="Pen", price=Decimal(price), category="Office")
    assert computed(percentage) == [price_after(Decimal(price), Decimal(percentage))]


@pytest.mark.parametrize(
    ("price", "percentage", "after"),
    [
        ("4999.99", "0.0001", "4999.99"),  # 5000 times 0.0001 % is exactly half a cent
        ("5000.00", "0.0001", "5000.01"),
        ("99995000.00", "9999.9999", "10099494900.01"),  # .005, exactly half a cent
        ("99995000.01", "9999.9999", "10099494901.01"),  # .01499…, a little less
    ],
)
def test_the_last_digit_decides(db, price, percentage, after):
    Product.objects.create(name="Pen", price=Decimal(price), category="Office")
    assert computed(percentage) == [Decimal(after)]


def test_the_largest_product_fits_an_integer_of_63_bits():
    highest = Product._meta.get_field("price").max_digits
    largest = 10**highest * int(factor(arguments.percentage("10000")) * 10**6)
    assert largest + 10**6 < 2**63
    with pytest.raises(ArgumentTypeError):
        arguments.percentage("10000.0001")
    with pytest.raises(ArgumentTypeError):
        arguments.percentage("0.00001")


@pytest.mark.parametrize("percentage", ["10", "-10", "50", "-50", "0.3", "-33.3", "-99", "10000"])
def test_prices_change_from_the_lowest_changing_one_on(percentage):
    percentage = Decimal(percentage)
    lowest = lowest_changing_price(percentage)
    for cents in range(1, 1000):
        price = Decimal(cents).scaleb(-2)
        assert (price >= lowest) == (price_after(price, percentage) != price)
