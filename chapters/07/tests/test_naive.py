from contextlib import contextmanager
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import IntegrityError
from django.db.models.signals import post_save

from shared_project.shop.models import CartItem, Product


@contextmanager
def after_the_first_save(action):
    """Call `action` once, as another session would in the middle of the loop."""

    def receiver(**kwargs):
        post_save.disconnect(receiver, sender=Product)
        action()

    post_save.connect(receiver, sender=Product)
    try:
        yield
    finally:
        post_save.disconnect(receiver, sender=Product)


def run(command, *args):
    stdout = StringIO()
    call_command(command, *args, stdout=stdout)
    return stdout.getvalue()


@pytest.fixture(params=["bulk_update", "bulk_update_atomic"])
def either(step, request):
    return step(request.param)


def test_naive_bulk_update_loses_a_cent_to_floats(step, db, prices):
    Product.objects.create(name="Rake", price=Decimal("54.05"), category="Garden")
    run(step("bulk_update"), "--percentage=10", "--category=Garden")
    assert prices() == {"Rake": "59.45"}  # 59.455, half a cent up, is 59.46


def test_naive_bulk_update_atomic_loses_a_cent_to_half_even(step, db, prices):
    Product.objects.create(name="Rake", price=Decimal("12.95"), category="Garden")
    run(step("bulk_update_atomic"), "--percentage=10")
    assert prices() == {"Rake": "14.24"}  # 14.245, half a cent up, is 14.25


def test_naive_bulk_update_counts_prices_that_stay(either, products, prices):
    assert run(either, "--percentage=10") == "Updated 4 products.\n"
    assert prices()["Pen"] == "0.01"


def test_naive_bulk_update_takes_an_empty_category_for_all(step, products, prices):
    run(step("bulk_update"), "--percentage=10", "--category=")
    assert prices()["Robot"] == "110.00"


def test_naive_bulk_update_gives_everything_away(either, products, prices):
    run(either, "--percentage=-100")
    assert set(prices().values()) == {"0.00"}


def test_naive_bulk_update_that_is_stopped_is_half_done(step, products, prices):
    def stop():
        raise KeyboardInterrupt

    with after_the_first_save(stop), pytest.raises(KeyboardInterrupt):
        run(step("bulk_update"), "--percentage=10")
    assert (prices()["Atlas"], prices()["Robot"]) == ("1.26", "100.00")


def test_naive_bulk_update_loses_what_a_second_copy_did(either, products, prices):
    with after_the_first_save(lambda: run(either, "--percentage=10")):
        run(either, "--percentage=10")
    assert prices()["Robot"] == "110.00"


def test_naive_bulk_update_overwrites_a_new_name(either, products, prices):
    novel = Product.objects.filter(name="Novel")
    with after_the_first_save(lambda: novel.update(name="Novella")):
        run(either, "--percentage=10")
    assert "Novella" not in prices()


def test_naive_bulk_update_brings_a_deleted_product_back(either, products, prices):
    novel = Product.objects.filter(name="Novel")
    with after_the_first_save(novel.delete):
        run(either, "--percentage=10")
    assert prices()["Novel"] == "12.09"


@pytest.mark.django_db(transaction=True)
def test_naive_bulk_update_atomic_claims_what_is_rolled_back(step, products, prices):
    stdout = StringIO()
    # A key to a session that is not there is checked when the transaction commits.
    broken = CartItem(session_id=9, product=products[0])
    with after_the_first_save(broken.save), pytest.raises(IntegrityError):
        call_command(step("bulk_update_atomic"), "--percentage=10", stdout=stdout)
    assert stdout.getvalue() == "Updated 4 products.\n"
    assert prices()["Robot"] == "100.00"
