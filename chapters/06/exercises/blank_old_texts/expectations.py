import re
from datetime import timedelta

import pytest
from django.utils import timezone

from shared_project.shop.models import Order


@pytest.fixture
def orders():
    """Return a function that makes `count` orders with a text, so many days old."""

    def orders(count, days=1000):
        Order.objects.bulk_create(
            Order(
                number=f"{days}-{n}",
                total=10,
                legacy_customer="Ada <ada@example.com>",
                created_at=timezone.now() - timedelta(days=days),
            )
            for n in range(count)
        )

    return orders


@pytest.fixture
def stopped(run, orders, stop_when):
    """Return a function: Ctrl-C when 2 batches of 10 are done, and 5 of 25 texts are left."""

    def stopped():
        orders(25)
        with stop_when(lambda _: texts() == 5):
            ran = run("--batch-size", 10)
        ran.line += ", and Ctrl-C when 20 of 25 are blank"
        return ran

    return stopped


def texts():
    return Order.objects.exclude(legacy_customer="").count()


def texts_since(days):
    since = timezone.now() - timedelta(days=days)
    return Order.objects.filter(created_at__gt=since).exclude(legacy_customer="").count()


def numbers(*outputs):
    return {*re.findall(r"\b\d+\b", " ".join(outputs))}


def test_it_blanks_the_old_texts(run, expect, orders):
    orders(2, days=731)
    orders(1, days=2000)
    ran = run.ok()
    expect(ran, "texts left in old orders", texts(), 0)


def test_it_leaves_the_newer_texts_alone(run, expect, orders):
    orders(2, days=31)
    orders(3, days=29)
    ran = run.ok("--days", 30)
    expect(ran, "texts of the last 30 days", texts_since(30), 3)


def test_it_blanks_more_than_one_batch(run, expect, orders):
    orders(25)
    ran = run.ok("--batch-size", 10)
    expect(ran, "texts left of 25", texts(), 0)


def test_no_write_touches_more_than_a_batch(run, expect, orders, writes):
    orders(25)
    writes.clear()
    ran = run.ok("--batch-size", 10)
    most = max(writes, default=0)
    expect(ran, "rows in one write", most if most > 10 else "at most 10", "at most 10")


def test_a_stop_is_exit_code_130(expect, stopped):
    ran = stopped()
    expect(ran, "exit code", ran.code, 130)


def test_a_stop_keeps_the_batches_done(expect, stopped):
    ran = stopped()
    expect(ran, "texts blanked", 25 - texts(), 20)


def test_a_stop_says_how_many_were_blanked(expect, stopped):
    ran = stopped()
    said = [word for word in ("20", "25") if word in numbers(ran.stdout, ran.stderr)]
    expect(ran, "the number it said", "20" if "20" in said else said, "20")


def test_a_second_run_does_the_rest(run, expect, stopped, writes):
    stopped()
    left = texts()
    writes.clear()
    ran = run.ok("--batch-size", 10)
    line = f"{ran.line}, Ctrl-C, and again"
    expect(line, "texts left", texts(), 0)
    expect(line, "rows written by the second run", sum(writes), left)


def test_0_days_is_a_usage_error(run):
    run.refused("--days", 0, code=2)


def test_a_batch_of_0_is_a_usage_error(run):
    run.refused("--batch-size", 0, code=2)


def probe_it_skips_some_and_goes_on(run, orders):
    orders(25)
    run("--batch-size", 10)
    blank = Order.objects.filter(legacy_customer="")
    left = Order.objects.exclude(legacy_customer="")
    assert left.first().number < blank.last().number


def probe_only_the_first_batch_is_blank(run, orders):
    orders(25)
    run("--batch-size", 10)
    assert texts() == 15


def probe_it_writes_all_at_once(run, orders, writes):
    orders(25)
    writes.clear()
    run("--batch-size", 10)
    assert writes == [25]


def probe_nothing_is_kept(stopped):
    assert stopped().code
    assert texts() == 25


def probe_it_ends_with_exit_code_0(stopped):
    assert stopped().code == 0
    assert texts() == 5


def probe_it_is_silent(stopped):
    ran = stopped()
    assert not (ran.stdout + ran.stderr).strip()


def probe_it_says_25(stopped):
    ran = stopped()
    assert "25" in numbers(ran.stdout, ran.stderr)


def probe_it_never_ends(run, orders):
    orders(3)
    with pytest.raises(BaseException) as stopped:
        run()
    assert stopped.typename == "StillRunning"


def probe_0_is_accepted(run):
    assert run("--days", 0).code == run("--batch-size", 0).code == 0


def probe_0_is_exit_code_1(run):
    ran = run("--days", 0)
    assert ran.code == 1
    assert not ran.crash
