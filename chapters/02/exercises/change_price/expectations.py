import re
from decimal import Decimal, InvalidOperation

import pytest

from shared_project.shop.models import Product


@pytest.fixture(autouse=True)
def mug():
    return Product.objects.create(name="Mug", price=3, category="Kitchen")


def numbers(ran):
    return re.findall(r"\d+(?:\.\d+)?", ran.stdout)


def expect_refused(run, expect, *prices):
    for price in prices:
        ran = run("Mug", price)
        ending = "refused" if ran.code and not ran.crash else f"exit code {ran.code}"
        expect(ran, "it ends", ending, "refused")


def test_it_changes_the_price(run, expect, mug):
    ran = run.ok("Mug", "4.50")
    mug.refresh_from_db()
    expect(ran, "the price in the shop", mug.price, Decimal("4.50"))


def test_the_price_keeps_its_cents(run, expect):
    ran = run.ok("Mug", "4.50")
    if "4.50" not in numbers(ran):
        expect(ran, "numbers on stdout", numbers(ran), ["4.50"])


def test_nonsense_is_refused_without_a_traceback(run, expect):
    expect_refused(run, expect, "free", "4,50", "")


def test_NaN_and_Infinity_are_refused(run, expect):
    expect_refused(run, expect, "NaN", "Infinity")


def test_a_negative_price_is_refused(run, expect):
    expect_refused(run, expect, "-1", "-0.01")


def test_a_third_decimal_is_refused(run, expect):
    expect_refused(run, expect, "1.999")


def test_more_digits_than_the_column_holds_are_refused(run, expect):
    expect_refused(run, expect, "123456789.00")


def test_a_bad_price_is_a_usage_error(run, expect):
    for price in ("free", "NaN", "-1", "1.999"):
        ran = run("Mug", price)
        expect(ran, "exit code", ran.code, 2)


def test_an_unknown_product_is_exit_code_1(run, expect):
    run.refused("Mugg", "4.50")


def probe_Decimal_raised_what_argparse_does_not_catch(run):
    assert type(run("Mug", "free").crash) is InvalidOperation


def probe_it_forgets_a_zero(run):
    assert "4.5" in numbers(run("Mug", "4.50"))


def probe_it_exits_1_without_a_traceback(run):
    ran = run("Mug", "free")
    assert ran.code == 1
    assert not ran.crash


def probe_it_says_that_it_has_changed_nothing(run):
    ran = run("Mugg", "4.50")
    assert ran.code == 0
    assert "4.50" in numbers(ran)
