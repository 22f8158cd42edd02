import re
from contextlib import contextmanager

import pytest
from django.db import connection

from shared_project.shop.models import Customer, Order

PENDING, CANCELED = Order.Status.PENDING, Order.Status.CANCELED


@pytest.fixture
def orders():
    """Two pending orders of two customers, one that is processed, and one without a customer."""
    ada = Customer.objects.create(name="Ada", email="ada@example.com")
    grace = Customer.objects.create(name="Grace", email="grace@example.com")
    Order.objects.create(number="A-1", customer=ada, total=10)
    Order.objects.create(number="A-2", customer=grace, total=20)
    Order.objects.create(number="A-3", customer=ada, total=30, status=Order.Status.PROCESSED)
    Order.objects.create(number="A-4", total=40)


@contextmanager
def failing_commit():
    """Write a row without its session: the database sees that at the commit, and refuses it."""
    written = False

    def write(execute, sql, parameters, many, context):
        nonlocal written
        if not written and sql.startswith("UPDATE"):
            written = True
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO shop_cartitem (session_id, product_id, quantity) VALUES (0, 0, 1)"
                )
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(write):
        yield


def statuses(*numbers):
    return [Order.objects.get(number=number).status for number in numbers]


def mails(mailoutbox):
    """Who gets a mail, and the numbers in it."""
    return sorted(
        f"{' '.join(mail.recipients())}: {' '.join(sorted(numbers_in(mail)))}"
        for mail in mailoutbox
    )


def numbers_in(mail):
    return {*re.findall(r"\bA-\d\b", f"{mail.subject} {mail.body}")}


def test_it_cancels_and_tells_the_customer(run, expect, orders, mailoutbox):
    ran = run.ok("A-1")
    expect(ran, "A-1", *statuses("A-1"), CANCELED)
    expect(ran, "mails and the numbers in them", mails(mailoutbox), ["ada@example.com: A-1"])


def test_each_customer_gets_their_own_mail(run, expect, orders, mailoutbox):
    ran = run.ok("A-1", "A-2")
    wanted = ["ada@example.com: A-1", "grace@example.com: A-2"]
    expect(ran, "mails and the numbers in them", mails(mailoutbox), wanted)


def test_one_bad_number_and_nothing_is_canceled(run, expect, orders):
    ran = run("A-1", "A-2", "A-3")
    expect(
        f"{ran.line}, where A-3 is not pending",
        "A-1 and A-2",
        statuses("A-1", "A-2"),
        [PENDING, PENDING],
    )


def test_no_mail_when_nothing_was_canceled(run, expect, orders, mailoutbox):
    ran = run("A-1", "A-2", "A-3")
    expect(f"{ran.line}, where A-3 is not pending", "mails", mails(mailoutbox), [])
    with failing_commit():
        ran = run("A-1", "A-2")
    expect(f"{ran.line}, and the commit fails", "mails", mails(mailoutbox), [])


def test_no_success_is_printed_when_nothing_was_canceled(run, expect, orders):
    ran = run("A-1", "A-2", "A-3")
    expect(f"{ran.line}, where A-3 is not pending", "on stdout", ran.stdout.strip(), "")
    with failing_commit():
        ran = run("A-1", "A-2")
    expect(f"{ran.line}, and the commit fails", "on stdout", ran.stdout.strip(), "")


def test_a_bad_number_is_refused_and_named(run, expect, orders):
    for number in ("A-3", "A-4", "A-9"):
        ran = run.refused("A-1", number)
        expect(ran, f"{number} on stderr", number in ran.stderr, True)


def probe_all_mails_go_to_the_last_customer(run, orders, mailoutbox):
    run("A-1", "A-2")
    assert [mail.recipients() for mail in mailoutbox] == [["grace@example.com"]] * 2


def probe_the_mails_name_the_last_order(run, orders, mailoutbox):
    run("A-1", "A-2")
    assert len({*map(str, (mail.recipients() for mail in mailoutbox))}) == 2
    assert [numbers_in(mail) for mail in mailoutbox] == [{"A-2"}] * 2


def probe_one_mail_goes_to_all(run, orders, mailoutbox):
    run("A-1", "A-2")
    assert {*mailoutbox[0].recipients()} == {"ada@example.com", "grace@example.com"}


def probe_some_are_canceled(run, orders):
    run("A-1", "A-2", "A-3")
    assert CANCELED in statuses("A-1", "A-2")
