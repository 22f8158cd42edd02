import time
from io import StringIO

import pytest
from django.core.management import call_command

from shared_project.shop.models import Order


@pytest.fixture
def pause(monkeypatch):
    """Return a list of what happens while the first draft works, an order at a time."""
    events = []
    monkeypatch.setattr(time, "sleep", lambda _: events.pop(0)() if events else None)
    return events


def test_naive_process_orders_fills_a_log_with_frames(step, orders, pause):
    orders(*["Ada"] * 3)
    log = StringIO()
    call_command(step("process_orders"), stdout=log)
    assert log.getvalue() == "\rProcessed 1 of 3\rProcessed 2 of 3\rProcessed 3 of 3\nDone!\n"


def test_naive_process_orders_is_not_quiet(step, orders, pause):
    log = StringIO()
    call_command(step("process_orders"), stdout=log, verbosity=0)
    assert log.getvalue() == "\nDone!\n"


def test_naive_process_orders_loses_everything_when_it_is_stopped(step, orders, pause):
    def stop():
        raise SystemExit(143)

    orders(*["Ada"] * 3)
    pause += [lambda: None, lambda: None, stop]
    with pytest.raises(SystemExit):
        call_command(step("process_orders"), stdout=StringIO())
    assert Order.objects.filter(status="processed").count() == 0


def test_naive_process_orders_processes_a_canceled_order(step, orders, pause):
    orders(*["Ada"] * 3)
    pause.append(lambda: Order.objects.update(status="canceled"))
    call_command(step("process_orders"), stdout=StringIO())
    assert Order.objects.filter(status="canceled").count() == 0


def test_naive_migrate_data_skips_a_third_and_says_it_did_all(step, orders, capfd):
    orders(*["Ada Lovelace <ada@example.com>"] * 300)
    stdout = StringIO()
    call_command(step("migrate_data"), stdout=stdout)
    assert stdout.getvalue() == "Migrated 300 orders!\n"
    assert Order.objects.filter(customer=None).count() == 100


def test_naive_migrate_data_invents_a_customer_without_an_address(step, orders, capfd):
    orders("Ada Lovelace, paid in cash")
    call_command(step("migrate_data"), stdout=StringIO())
    assert "@" not in Order.objects.get().customer.email


def test_naive_migrate_data_draws_its_bar_in_a_file(step, orders, capfd):
    orders("Ada Lovelace <ada@example.com>")
    call_command(step("migrate_data"), stdout=StringIO(), verbosity=0)
    assert "\r" in capfd.readouterr().err
