"""Each step does what the page says, and fails as the page says."""

from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import DataError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from shared_project.shop.models import CartItem, Product

BEFORE = {"Novel": "10.99", "Atlas": "1.15", "Pen": "0.01", "Robot": "100.00"}
AFTER = {"Novel": "12.09", "Atlas": "1.27", "Pen": "0.01", "Robot": "110.00"}

every_step = pytest.mark.parametrize("number", [1, 2, 3])
later_steps = pytest.mark.parametrize("number", [2, 3])


@contextmanager
def before_the_first_update(action):
    """Call `action` once, as another session would while the command runs."""
    pending = [action]

    def wrapper(execute, sql, params, many, context):
        if sql.startswith("UPDATE") and pending:
            pending.pop()()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapper):
        yield


@contextmanager
def after_the_first_update(action):
    def wrapper(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if sql.startswith("UPDATE"):
            action()
        return result

    with connection.execute_wrapper(wrapper):
        yield


def rake(price):
    return Product.objects.create(name="Rake", price=Decimal(price), category="Garden")


@every_step
def test_every_step_changes_the_prices_of_one_category(call, step, products, prices, number):
    assert call(step(number), "--percentage=10", "--category=Toys").startswith("Changed 1 ")
    assert prices() == BEFORE | {"Robot": "110.00"}


@every_step
def test_every_step_changes_nothing_in_a_dry_run(call, step, products, prices, number):
    dry_run = call(step(number), "--percentage=10", "--dry-run")
    assert prices() == BEFORE
    assert dry_run.replace("Would change", "Changed") == call(step(number), "--percentage=10")


@every_step
def test_every_step_refuses_a_category_that_no_product_has(call, step, products, number):
    with pytest.raises(CommandError, match="There are no such products"):
        call(step(number), "--percentage=10", "--category=Toy")


@every_step
def test_every_step_changes_all_prices_or_none(call, step, products, prices, number):
    def stop():
        raise KeyboardInterrupt

    with after_the_first_update(stop), pytest.raises(KeyboardInterrupt):
        call(step(number), "--percentage=10")
    assert prices() == BEFORE


def test_step_1_loses_a_cent_to_floats(call, step, db, prices):
    rake("54.05")
    call(step(1), "--percentage=10")
    assert prices() == {"Rake": "59.45"}  # 59.455, half a cent up, is 59.46


@later_steps
@pytest.mark.parametrize(
    ("before", "percentage", "after"),
    [
        ("54.05", "10", "59.46"),
        ("12.95", "10", "14.25"),  # 14.245, and half-even gives 14.24
        ("5.33", "-50", "2.67"),
        ("4999.99", "0.0001", "4999.99"),
        ("5000.00", "0.0001", "5000.01"),
        ("990099.00", "10000", "99999999.00"),
    ],
)
def test_later_steps_round_half_a_cent_up(
    call, step, db, prices, number, before, percentage, after
):
    rake(before)
    call(step(number), f"--percentage={percentage}")
    assert prices() == {"Rake": after}


def test_step_3_stores_a_price_that_a_filter_finds(call, step, products):
    call(step(3), "--percentage=10")
    assert Product.objects.get(price=Decimal("12.09")).name == "Novel"


def test_step_1_counts_prices_that_stay(call, step, products, prices):
    assert call(step(1), "--percentage=10") == "Changed 4 prices.\n"
    assert prices()["Pen"] == "0.01"


@later_steps
def test_later_steps_count_only_prices_that_changed(call, step, products, prices, number):
    assert call(step(number), "--percentage=10") == "Changed 3 of 4 prices.\n"
    assert prices() == AFTER


def test_step_1_takes_an_empty_category_for_all(call, step, products, prices):
    call(step(1), "--percentage=10", "--category=")
    assert prices()["Robot"] == "110.00"


def test_step_1_gives_everything_away(call, step, products, prices):
    call(step(1), "--percentage=-100")
    assert set(prices().values()) == {"0.00"}


@pytest.mark.parametrize(
    ("percentage", "error"),
    [("nan", ValidationError), ("1e400", ValidationError), ("-150", IntegrityError)],
)
def test_step_1_has_a_traceback_for_a_number_that_is_no_percentage(
    call, step, products, percentage, error
):
    with pytest.raises(error):
        call(step(1), f"--percentage={percentage}")


@later_steps
def test_later_steps_refuse_an_empty_category(call, step, products, number):
    with pytest.raises(CommandError, match="There are no such products"):
        call(step(number), "--percentage=10", "--category=")


@later_steps
@pytest.mark.parametrize(
    "percentage", ["nan", "inf", "1e400", "-100", "-150", "10000.0001", "0.00001", "ten", ""]
)
def test_later_steps_refuse_what_is_no_percentage(call, step, products, number, percentage):
    with pytest.raises(CommandError, match="Expected -99.9999 to 10000"):
        call(step(number), f"--percentage={percentage}")


@pytest.mark.parametrize(("number", "price"), [(1, "110.00"), (2, "110.00"), (3, "121.00")])
def test_only_step_3_counts_what_another_copy_does_meanwhile(
    call, step, products, prices, number, price
):
    with before_the_first_update(lambda: call(step(number), "--percentage=10")):
        call(step(number), "--percentage=10")
    assert prices()["Robot"] == price


@pytest.mark.parametrize(("number", "name"), [(1, "Novel"), (2, "Novel"), (3, "Novella")])
def test_only_step_3_keeps_a_name_that_changes_meanwhile(
    call, step, products, prices, number, name
):
    novel = Product.objects.filter(name="Novel")
    with before_the_first_update(lambda: novel.update(name="Novella")):
        call(step(number), "--percentage=10")
    assert prices()[name] == "12.09"


@pytest.mark.parametrize(("number", "back"), [(1, True), (2, True), (3, False)])
def test_only_step_3_leaves_a_product_deleted(call, step, products, prices, number, back):
    with before_the_first_update(Product.objects.filter(name="Novel").delete):
        call(step(number), "--percentage=10")
    assert ("Novel" in prices()) == back


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("number", "claim"),
    [(1, "Changed 4 prices.\n"), (2, "Changed 3 of 4 prices.\n"), (3, "")],
)
def test_only_step_3_claims_nothing_that_is_rolled_back(
    call, step, products, prices, number, claim
):
    # A key to a session that is not there is checked when the transaction commits.
    broken = CartItem(session_id=9, product=products[0])
    with before_the_first_update(broken.save), pytest.raises(IntegrityError):
        call(step(number), "--percentage=10")
    assert call.stdout == claim
    assert prices() == BEFORE


@pytest.mark.parametrize(("number", "updates"), [(1, 4), (2, 3), (3, 1)])
def test_only_step_3_needs_one_update(call, step, products, number, updates):
    with CaptureQueriesContext(connection) as queries:
        call(step(number), "--percentage=10")
    assert sum(query["sql"].startswith("UPDATE") for query in queries) == updates


def test_step_3_does_not_look_whether_a_price_fits(call, step, db):
    rake("99999999.99")
    if connection.vendor == "sqlite":
        assert call(step(3), "--percentage=10") == "Changed 1 of 1 prices.\n"
        with pytest.raises(ArithmeticError):
            Product.objects.get()
    else:
        with pytest.raises(DataError):
            call(step(3), "--percentage=10")


def test_django_leaves_for_update_out_on_sqlite(db):
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        list(Product.objects.select_for_update())
    assert ("FOR UPDATE" in queries[0]["sql"]) == (connection.vendor == "postgresql")
