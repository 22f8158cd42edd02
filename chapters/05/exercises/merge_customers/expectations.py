import re

import pytest
from django.db import DatabaseError, IntegrityError

from shared_project.shop.models import AuditLog, Customer, Order

BUGS = (AttributeError, DatabaseError, LookupError, NameError, TypeError, ValueError)
ADA, DOUBLE, NOBODY = "ada@example.com", "ada@example.org", "nobody@example.com"
UNTOUCHED = "customers: 2, orders of KEEP: 2, orders of DOUBLE: 2, audit log: 0"


@pytest.fixture(autouse=True)
def two_customers():
    for email in (ADA, DOUBLE):
        customer = Customer.objects.create(name="Ada", email=email)
        for letter in "ab":
            Order.objects.create(number=f"{email[-3:]}-{letter}", customer=customer, total=10)


def test_it_moves_the_orders_and_removes_the_customer(run, expect):
    ran = run(ADA, DOUBLE)
    wanted = "customers: 1, orders of KEEP: 4, orders of DOUBLE: 0"
    expect(ran, "in the shop", shop().rpartition(",")[0], wanted)


def test_the_audit_log_knows(run, expect):
    ran = run(ADA, DOUBLE)
    expect(ran, "rows in the audit log", AuditLog.objects.count(), 1)


def test_a_dry_run_ends_well(run):
    run.ok(ADA, DOUBLE, "--dry-run")


def test_a_dry_run_changes_nothing(run, expect):
    ran = run(ADA, DOUBLE, "--dry-run")
    expect(ran.line, "in the shop", shop(), UNTOUCHED)


def test_a_dry_run_prints_the_numbers_of_the_run(run, expect):
    dry, real = run(ADA, DOUBLE, "--dry-run"), run(ADA, DOUBLE)
    expect(dry, "numbers on stdout", numbers(dry), numbers(real))
    expect(real, "number of orders on stdout", 2 if 2 in numbers(real) else numbers(real), 2)


def test_a_dry_run_refuses_what_the_run_refuses(run, expect):
    for args in ((ADA, NOBODY), (NOBODY, DOUBLE)):
        dry, real = run(*args, "--dry-run"), run(*args)
        expect(dry, "exit code", dry.code, real.code)


def test_a_dry_run_finds_what_only_doing_finds(run, expect, stop_at):
    dry = run_without_delete(run, stop_at, "--dry-run")
    real = run_without_delete(run, stop_at)
    expect(dry, "exit code", dry.code, real.code)


def test_a_failure_in_the_middle_changes_nothing(run, expect, stop_at):
    for n in (1, 2, 3):
        with stop_at(n):
            ran = run(ADA, DOUBLE)
        if not ran.code:  # there were fewer writes
            return
        line = f"{ran.line}, with Ctrl-C right before write {n}"
        expect(line, "in the shop", shop(), UNTOUCHED)


def test_an_unknown_customer_is_one_line(run, expect):
    for args in ((ADA, NOBODY), (NOBODY, DOUBLE)):
        ran = run.refused(*args)
        expect(ran, "lines on stderr", len(ran.stderr.strip().splitlines()), 1)


def test_the_same_customer_twice_is_refused(run):
    run.refused(ADA, ADA)


def shop():
    keep, double = (Order.objects.filter(customer__email=email).count() for email in (ADA, DOUBLE))
    return (
        f"customers: {Customer.objects.count()}, orders of KEEP: {keep}, "
        f"orders of DOUBLE: {double}, audit log: {AuditLog.objects.count()}"
    )


def numbers(ran):
    return [int(number) for number in re.findall(r"\b\d+\b", ran.stdout)]


def run_without_delete(run, stop_at, *options):
    with stop_at(1, IntegrityError("refused"), table='DELETE FROM "shop_customer"'):
        ran = run(ADA, DOUBLE, *options)
    ran.line += ", where the database refuses to delete the customer"
    return ran


def changes(run):
    """Return which of the three changes a dry run has left."""
    run(ADA, DOUBLE, "--dry-run")
    orders = Order.objects.filter(customer__email=DOUBLE)
    customer = Customer.objects.filter(email=DOUBLE)
    return [not orders.exists(), AuditLog.objects.exists(), not customer.exists()]


def probe_a_dry_run_does_a_part(run):
    assert 0 < sum(changes(run)) < 3


def probe_a_dry_run_does_it_all(run):
    assert all(changes(run))


def probe_a_dry_run_prints_another_number(run):
    dry, real = run(ADA, DOUBLE, "--dry-run"), run(ADA, DOUBLE)
    assert 2 in numbers(real)
    assert numbers(dry)
    assert 2 not in numbers(dry)


def probe_there_is_nothing_left_to_roll_back(run):
    assert type(run(ADA, DOUBLE, "--dry-run").crash).__name__ == "TransactionManagementError"


def probe_a_dry_run_undoes_it_and_fails(run, writes):
    writes.clear()
    ran = run(ADA, DOUBLE, "--dry-run")
    assert ran.code
    assert not isinstance(ran.crash, BUGS)
    assert len(writes) > 2
    assert shop() == UNTOUCHED
