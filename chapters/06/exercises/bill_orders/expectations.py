import pytest

from shared_project.shop.models import AuditLog, Customer, Order


@pytest.fixture
def pending():
    """Return a function that makes `count` pending orders, of which `nameless` has no customer."""
    ada = Customer.objects.create(name="Ada", email="ada@example.com")

    def pending(count, nameless=None):
        AuditLog.objects.all().delete()
        Order.objects.all().delete()
        Order.objects.bulk_create(
            Order(number=f"B{n:03}", total=10, customer=None if n == nameless else ada)
            for n in range(1, count + 1)
        )

    return pending


@pytest.fixture
def nameless(run, pending):
    """Return a function: a run with 5 orders, of which the second has no customer."""

    def nameless():
        pending(5, nameless=2)
        ran = run()
        ran.line += ", where B002 has no customer"
        return ran

    return nameless


def numbers(status):
    return [*Order.objects.filter(status=status).values_list("number", flat=True)]


def bills():
    """Return the number of the order in each bill."""
    known = Order.objects.values_list("number", flat=True)
    actions = [*AuditLog.objects.values_list("action", flat=True)]
    return sorted(number for number in known for action in actions if number in action)


def done():
    """Return how many orders seem to be billed or processed, to the command itself."""
    return max(AuditLog.objects.count(), Order.objects.filter(status="processed").count())


def words(*texts):
    return {word.strip(".,:;()") for text in texts for word in text.split()}


def test_it_bills_every_order(run, expect, pending):
    pending(3)
    ran = run.ok()
    expect(ran, "billed", bills(), ["B001", "B002", "B003"])


def test_it_bills_more_than_one_batch(run, expect, pending):
    pending(120)
    ran = run.ok()
    expect(ran, "billed, of 120 orders", len(bills()), 120)


def test_an_order_without_a_customer_does_not_block_the_others(expect, nameless):
    ran = nameless()
    expect(ran, "billed", bills(), ["B001", "B003", "B004", "B005"])


def test_an_order_without_a_customer_stays_pending(expect, nameless):
    ran = nameless()
    left = ["B002"] if "B002" in numbers("pending") else []
    expect(ran, "pending without a customer", left, ["B002"])


def test_an_order_without_a_customer_is_exit_code_1(expect, nameless):
    ran = nameless()
    expect(ran, "exit code", ran.code, 1)


def test_an_order_without_a_customer_is_named(expect, nameless):
    ran = nameless()
    named = [number for number in ("B002",) if number in ran.stderr]
    expect(ran, "named on stderr", named, ["B002"])


def test_a_stop_loses_at_most_50_orders(run, expect, pending, stop_when):
    pending(120)
    seen = []

    def late(sql):
        seen.append(done())
        return seen[-1] >= 99

    with stop_when(late):
        ran = run()
    lost = max(seen, default=0) - len(bills())
    expect(
        f"{ran.line}, and Ctrl-C", "bills lost", lost if lost > 50 else "at most 50", "at most 50"
    )


def test_a_second_run_bills_nobody_twice(run, expect, pending, stop_when):
    def two_are_done(sql):
        return len(bills()) == len(numbers("processed")) == 2

    pending(5)
    with stop_when(two_are_done):
        ran = run()
    run()
    expect(
        f"{ran.line}, and Ctrl-C, and again",
        "billed",
        bills(),
        ["B001", "B002", "B003", "B004", "B005"],
    )


def test_whatever_stops_it_billed_and_processed_agree(run, expect, pending, stop_at):
    for n in range(1, 8):
        pending(3)
        with stop_at(n):
            ran = run()
        expect(
            f"{ran.line}, and Ctrl-C before write {n}",
            "billed, and processed",
            f"{len(bills())}, and {len(numbers('processed'))}",
            f"{len(bills())}, and {len(bills())}",
        )


def test_it_says_how_many_it_has_billed(run, expect, pending):
    pending(9, nameless=2)
    ran = run()
    said = [word for word in ("8",) if word in words(ran.stdout, ran.stderr)]
    expect(ran, "the number of bills", said, ["8"])


def probe_it_marks_what_it_bills(run, pending):
    pending(3)
    run()
    assert bills() == numbers("processed") == ["B001", "B002", "B003"]


def probe_it_skips_some_and_goes_on(run, pending):
    pending(120)
    run()
    assert min(numbers("pending")) < max(bills())


def probe_it_never_ends(run, pending):
    pending(5, nameless=2)
    with pytest.raises(BaseException) as stopped:
        run()
    assert stopped.typename == "StillRunning"


def probe_it_bills_only_those_before(run, pending):
    pending(5, nameless=2)
    ran = run()
    assert ran.code == 1
    assert bills() == ["B001"]


def probe_it_marks_the_nameless_one(run, pending):
    pending(5, nameless=2)
    run()
    assert "B002" in numbers("processed")


def probe_it_ends_with_exit_code_0(run, pending):
    pending(5, nameless=2)
    ran = run()
    assert ran.code == 0
