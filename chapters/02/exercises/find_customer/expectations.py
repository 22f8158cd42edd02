import pytest
from django.core.exceptions import ObjectDoesNotExist

from shared_project.shop.models import Customer, Order

ADA, BOB = "ada@example.com", "bob@example.com"


@pytest.fixture(autouse=True)
def customers():
    """Ada has an order, Bob has none, and one order has no customer."""
    ada = Customer.objects.create(name="Ada Lovelace", email=ADA)
    Customer.objects.create(name="Bob Brown", email=BOB)
    Order.objects.create(number="A-0000001", customer=ada, total=5)
    Order.objects.create(number="A-0000002", total=5)


def found(ran):
    """Return the parts of the customers that were printed."""
    words = ("Ada Lovelace", ADA, "Bob Brown", BOB)
    return [word for word in words if word in ran.stdout]


def test_it_finds_a_customer_by_email(run, expect):
    ran = run.ok("--email", ADA)
    expect(ran, "on stdout", found(ran), ["Ada Lovelace", ADA])


def test_it_finds_a_customer_by_order(run, expect):
    ran = run.ok("--order", "A-0000001")
    expect(ran, "on stdout", found(ran), ["Ada Lovelace", ADA])


def test_neither_is_a_usage_error(run):
    run.refused(code=2)


def test_both_is_a_usage_error(run):
    run.refused("--email", ADA, "--order", "A-0000001", code=2)


def test_an_unknown_one_is_one_line_that_names_it(run, expect):
    for option, value in (("--email", "eve@example.com"), ("--order", "A-0000009")):
        ran = run.refused(option, value)
        expect_one_line(expect, ran, value)


def test_an_order_without_a_customer_is_one_line(run, expect):
    ran = run.refused("--order", "A-0000002")
    expect_one_line(expect, ran, "A-0000002")


def expect_one_line(expect, ran, value):
    lines = ran.stderr.strip().splitlines()
    expect(ran, "lines on stderr", len(lines), 1)
    expect(ran, f"{value} is named", "yes" if value in lines[0] else "no", "yes")


def test_an_empty_email_is_looked_up_too(run, expect):
    ran = run("--email", "")
    expect(ran, "on stdout", found(ran), [])
    expect(ran, "exit code", ran.code, 1)


def test_code_can_call_it(run, expect):
    ran = run.call(email=ADA)
    expect(ran, "in the stdout of the caller", found(ran), ["Ada Lovelace", ADA])


def probe_both_are_refused_with_1(run):
    ran = run("--email", ADA, "--order", "A-0000001")
    assert ran.code == 1
    assert not ran.crash


def probe_both_together_are_asked_for(run):
    assert run("--email", ADA).code == 2
    assert run("--order", "A-0000001").code == 2
    assert run("--email", ADA, "--order", "A-0000001").code == 0


def probe_it_finds_somebody_without_orders(run):
    assert BOB in run("--email", "").stdout


def probe_get_has_found_nothing(run):
    assert isinstance(run("--email", "eve@example.com").crash, ObjectDoesNotExist)


def probe_nobody_is_taken_for_a_customer(run):
    ran = run("--order", "A-0000002")
    assert isinstance(ran.crash, AttributeError) or "None" in ran.stdout
