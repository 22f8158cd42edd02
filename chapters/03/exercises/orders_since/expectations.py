import re
from datetime import UTC, datetime, timedelta
from datetime import timezone as fixed_offset

import pytest
from django.utils import timezone

from shared_project.shop.models import Order

TWO_HOURS_EAST = fixed_offset(timedelta(hours=2))
LOCAL_TIMES = {"A-1": "23:30", "A-2": "00:30", "A-3": "01:30", "A-4": "02:30"}


@pytest.fixture(autouse=True)
def _in_utc():
    with timezone.override(UTC):
        yield


@pytest.fixture
def three_orders():
    create("A-1", "2026-02-28T23:59")
    create("A-2", "2026-03-01T10:00")
    create("A-3", "2026-03-04T10:00")


@pytest.fixture
def around_midnight():
    create("A-1", "2026-02-28T21:30")
    create("A-2", "2026-02-28T22:30")
    create("A-3", "2026-02-28T23:30")
    create("A-4", "2026-03-01T00:30")


def create(number, moment):
    created_at = datetime.fromisoformat(f"{moment}+00:00")
    Order.objects.create(number=number, total=1, created_at=created_at)


def listed(ran):
    return sorted(set(re.findall(r"\bA-\d\b", ran.stdout)))


def test_it_lists_the_orders_since_a_day(run, expect, three_orders):
    ran = run.ok("--since", "2026-03-03")
    expect(ran, "orders on stdout", listed(ran), ["A-3"])


def test_without_since_all_orders_are_listed(run, expect, three_orders):
    ran = run.ok()
    expect(ran, "orders on stdout", listed(ran), ["A-1", "A-2", "A-3"])


def test_midnight_itself_is_included(run, expect):
    create("A-1", "2026-03-01T00:00")
    ran = run.ok("--since", "2026-03-01")
    expect(ran, "orders of 2026-03-01 00:00 on stdout", listed(ran), ["A-1"])


def test_midnight_is_that_of_the_current_time_zone(run, expect, around_midnight):
    with timezone.override(TWO_HOURS_EAST):
        ran = run.ok("--since", "2026-03-01")
    got = [f"{number} of {LOCAL_TIMES[number]}" for number in listed(ran)]
    wanted = ["A-2 of 00:30", "A-3 of 01:30", "A-4 of 02:30"]
    expect(f"{ran.line}, two hours east of UTC", "orders on stdout", got, wanted)


def test_a_date_that_does_not_exist_is_a_usage_error(run, three_orders):
    run.refused("--since", "2026-02-30", code=2)


def probe_django_warns_of_a_naive_datetime(run, three_orders):
    assert isinstance(run("--since", "2026-03-03").crash, RuntimeWarning)


def probe_two_hours_are_missing(run, around_midnight):
    with timezone.override(TWO_HOURS_EAST):
        assert listed(run("--since", "2026-03-01")) == ["A-4"]


def probe_it_is_a_value_error(run, three_orders):
    assert isinstance(run("--since", "2026-02-30").crash, ValueError)


def probe_it_is_exit_code_1(run, three_orders):
    ran = run("--since", "2026-02-30")
    assert ran.code == 1
    assert ran.crash is None


def probe_it_breaks_without_since(run, three_orders):
    assert isinstance(run().crash, (TypeError, AttributeError))
