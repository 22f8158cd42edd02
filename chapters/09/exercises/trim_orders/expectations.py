import traceback
from datetime import timedelta
from itertools import count

import pytest
from django.db import DatabaseError
from django.utils import timezone

from shared_project.shop.models import Customer, Order

PROCESSED, PENDING = Order.Status.PROCESSED, Order.Status.PENDING


@pytest.fixture
def customers():
    return [
        Customer.objects.create(name=name, email=f"{name.lower()}@example.com")
        for name in ("Ada", "Bob")
    ]


@pytest.fixture
def order():
    """Return a function that stores an order, with a number that says nothing of its age."""
    stored = count(1)

    def order(name, customer, days, status=PROCESSED):
        # 37 and 100 have no common divisor, so no two of the first hundred are the same.
        number = f"{next(stored) * 37 % 100:02} {name}"
        created = timezone.now() - timedelta(days=days)
        return Order.objects.create(
            number=number, customer=customer, total=10, status=status, created_at=created
        )

    return order


@pytest.fixture
def three_each(customers, order):
    """A1 is Ada's newest order and A3 her oldest. All of Bob's are newer."""
    ada, bob = customers
    for days in (3, 2, 1):
        order(f"A{days}", ada, days + 10)
        order(f"B{days}", bob, days)


def left():
    """Return the names of the orders that are left: what their numbers end with."""
    return sorted(number[3:] for number in Order.objects.values_list("number", flat=True))


def test_it_keeps_the_newest_of_each_customer(run, expect, three_each):
    ran = run.ok("--keep", "2")
    expect(ran, "orders left (A1 and B1 are the newest)", left(), ["A1", "A2", "B1", "B2"])


def test_newest_means_created_last_not_stored_last(run, expect, customers, order):
    for days in (2, 1, 4, 3):
        order(f"A{days}", customers[0], days)
    ran = run.ok("--keep", "2")
    expect(ran, "orders left (A1 was created last, A3 stored last)", left(), ["A1", "A2"])


def test_a_customer_who_has_fewer_keeps_all(run, expect, three_each):
    ran = run.ok("--keep", "5")
    expect(ran, "orders left", left(), ["A1", "A2", "A3", "B1", "B2", "B3"])


def test_pending_orders_stay(run, expect, customers, order):
    for days in (1, 2):
        order(f"A{days}", customers[0], days)
    for days in (3, 4):
        order(f"P{days}", customers[0], days, PENDING)
    ran = run.ok("--keep", "2")
    pending = [name for name in left() if name.startswith("P")]
    expect(ran, "pending orders left", pending, ["P3", "P4"])


def test_pending_orders_do_not_count(run, expect, customers, order):
    for days in (1, 2):
        order(f"P{days}", customers[0], days, PENDING)
    for days in (3, 4, 5):
        order(f"A{days}", customers[0], days)
    ran = run.ok("--keep", "2")
    finished = [name for name in left() if name.startswith("A")]
    expect(ran, "finished orders left, beside two newer pending ones", finished, ["A3", "A4"])


def test_orders_without_a_customer_stay(run, expect, order):
    for days in (1, 2, 3, 4):
        order(f"N{days}", None, days)
    ran = run.ok("--keep", "2")
    expect(ran, "orders left, all without a customer", left(), ["N1", "N2", "N3", "N4"])


def test_of_two_at_the_same_moment_the_later_key_is_newer(run, expect, customers, order):
    same_moment(customers, order)
    ran = run.ok("--keep", "2")
    expect(ran, "orders left (all of one moment, A4 with the last key)", left(), ["A3", "A4"])


def test_keeping_less_than_one_is_a_usage_error(run):
    for keep in ("0", "-1"):
        run.refused("--keep", keep, code=2)


def same_moment(customers, order):
    for number in (1, 2, 3, 4):
        order(f"A{number}", customers[0], 1)
    Order.objects.update(created_at=timezone.now() - timedelta(days=1))


def probe_a_slice_was_to_be_deleted(run, three_each):
    crash = run("--keep", "2").crash
    assert isinstance(crash, TypeError)
    frame = [*traceback.walk_tb(crash.__traceback__)][-1][0]
    assert frame.f_code.co_name == "delete"


def probe_row_numbers_were_to_be_deleted(run, three_each):
    assert isinstance(run("--keep", "2").crash, DatabaseError)
    assert left() == ["A1", "A2", "A3", "B1", "B2", "B3"]


def probe_two_of_the_shop_are_left(run, three_each):
    run("--keep", "2")
    assert left() == ["B1", "B2"]


def probe_the_oldest_are_left(run, three_each):
    run("--keep", "2")
    assert left() == ["A2", "A3", "B2", "B3"]


def probe_one_of_each_is_left(run, three_each):
    run("--keep", "2")
    assert left() == ["A1", "B1"]


def probe_those_stored_last_are_left(run, customers, order):
    for days in (2, 1, 4, 3):
        order(f"A{days}", customers[0], days)
    run("--keep", "2")
    assert left() == ["A3", "A4"]


def probe_some_of_three_go_although_five_may_stay(run, three_each):
    ran = run("--keep", "5")
    assert type(ran.crash) is ValueError or len(left()) < 6


def probe_a_pending_order_is_gone(run, customers, order):
    for days in (1, 2, 3):
        order(f"P{days}", customers[0], days, PENDING)
    run("--keep", "2")
    assert len(left()) < 3


def probe_two_without_a_customer_are_left(run, order):
    for days in (1, 2, 3, 4):
        order(f"N{days}", None, days)
    run("--keep", "2")
    assert left() == ["N1", "N2"]


def probe_more_than_two_of_a_moment_are_left(run, customers, order):
    same_moment(customers, order)
    run("--keep", "2")
    assert len(left()) > 2


def probe_two_others_of_a_moment_are_left(run, customers, order):
    same_moment(customers, order)
    run("--keep", "2")
    assert len(left()) == 2


def probe_keeping_none_deletes_all(run, three_each):
    run("--keep", "0")
    assert not left()


def probe_it_refuses_without_exit_code_2(run, three_each):
    for keep in ("0", "-1"):
        ran = run("--keep", keep)
        assert ran.code != 2
        assert not ran.crash
    assert len(left()) == 6
