import signal
import subprocess
from io import StringIO

import pytest
from django.core.management.base import CommandError
from django.db import OperationalError, connection

from progress import orders as processing
from progress.management.commands.process_orders import Command
from shared_project.shop.models import AuditLog, Customer, Order
from shared_project.toolkit import progress
from shared_project.toolkit.shutdown import GracefulShutdown

PENDING, PROCESSED, CANCELED = Order.Status.values


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch):
    monkeypatch.setattr(processing, "BATCH_SIZE", 2)


def statuses():
    return list(Order.objects.order_by("pk").values_list("status", flat=True))


def actions():
    return sorted(AuditLog.objects.values_list("action", flat=True))


def test_processes_every_pending_order_and_logs_it_once(call, orders):
    orders(*["Ada"] * 5)
    assert call("process_orders") == "Processed 5 of 5 pending orders.\n"
    assert call.stderr == ""
    assert statuses() == [PROCESSED] * 5
    assert actions() == [f"processed order A-000000{number}" for number in range(1, 6)]
    assert set(AuditLog.objects.values_list("actor", flat=True)) == {"process_orders"}


def test_leaves_other_orders_alone(call, orders):
    orders("Ada", status=CANCELED)
    orders("Ada", status=PROCESSED)
    assert call("process_orders") == "Processed 0 of 0 pending orders.\n"
    assert statuses() == [CANCELED, PROCESSED]
    assert actions() == []


def test_a_second_run_has_nothing_to_do(call, orders):
    orders(*["Ada"] * 3)
    call("process_orders")
    assert call("process_orders") == "Processed 0 of 0 pending orders.\n"
    assert len(actions()) == 3


def test_verbosity_0_prints_nothing(call, orders):
    orders("Ada")
    assert call("process_orders", verbosity=0) == ""
    assert call.stderr == ""


def test_an_order_that_arrives_meanwhile_is_for_the_next_run(call, orders, between_batches):
    orders(*["Ada"] * 3)
    between_batches(2, lambda: orders("Bob"))
    assert call("process_orders") == "Processed 3 of 3 pending orders.\n"
    assert statuses() == [PROCESSED] * 3 + [PENDING]


def test_an_order_that_is_canceled_meanwhile_stays_canceled(call, orders, between_batches):
    last = orders(*["Ada"] * 3)[-1]
    between_batches(2, lambda: Order.objects.filter(pk=last.pk).update(status=CANCELED))
    assert call("process_orders") == "Processed 2 of 3 pending orders.\n"
    assert call.stderr == "Changed meanwhile by another session: 1 orders.\n"
    assert statuses() == [PROCESSED, PROCESSED, CANCELED]
    assert len(actions()) == 2


def test_verbosity_0_does_not_mention_what_changed_meanwhile(call, orders, between_batches):
    orders("Ada")
    between_batches(1, lambda: Order.objects.update(status=CANCELED))
    call("process_orders", verbosity=0)
    assert call.stderr == ""


def test_an_order_that_names_nobody_stays_pending_and_the_rest_is_done(call, orders):
    orders("", "Ada")
    orders("", customer=Customer.objects.create(name="Ada", email="ada@example.com"))
    with pytest.raises(CommandError, match="^Orders without a customer, left pending: 1 "):
        call("process_orders")
    assert (call.stdout, call.stderr) == ("Processed 2 of 3 pending orders.\n", "")
    assert statuses() == [PENDING, PROCESSED, PROCESSED]


def test_verbosity_2_names_the_orders_that_stay_pending(call, orders):
    Order.objects.filter(pk=orders("")[0].pk).update(number="A-\x1b[2J")
    with pytest.raises(CommandError, match="left pending: 1 "):
        call("process_orders", verbosity=2)
    assert call.stderr == "Order A-\\x1b[2J names no customer.\n"


def test_verbosity_2_has_nobody_to_name(call, orders):
    orders("Ada")
    call("process_orders", verbosity=2)
    assert call.stderr == ""


@pytest.mark.posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_after_the_batch(call, orders, between_batches, number):
    orders(*["Ada"] * 5)
    between_batches(1, lambda: signal.raise_signal(number))
    with pytest.raises(KeyboardInterrupt if number == signal.SIGINT else SystemExit):
        call("process_orders")
    assert call.stdout == "Processed 2 of 5 pending orders.\n"
    assert statuses() == [PROCESSED] * 2 + [PENDING] * 3
    assert call("process_orders") == "Processed 3 of 3 pending orders.\n"
    assert len(actions()) == 5


@pytest.mark.posix
def test_a_second_signal_rolls_the_batch_back_and_still_sums_up(call, orders):
    def stop_twice(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if sql.startswith("UPDATE"):
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGTERM)
        return result

    orders(*["Ada"] * 3)
    with connection.execute_wrapper(stop_twice), pytest.raises(SystemExit, match="^143$"):
        call("process_orders")
    assert call.stdout == "Processed 0 of 3 pending orders.\n"
    assert (statuses(), actions()) == ([PENDING] * 3, [])


def test_a_database_error_undoes_its_batch_alone_and_the_summary_is_printed(
    call, orders, fail_at_the_second_update
):
    orders(*["Ada"] * 5)
    with (
        connection.execute_wrapper(fail_at_the_second_update),
        pytest.raises(OperationalError, match="disk is full"),
    ):
        call("process_orders")
    assert call.stdout == "Processed 2 of 5 pending orders.\n"
    assert statuses() == [PROCESSED] * 2 + [PENDING] * 3
    assert len(actions()) == 2


def test_the_counter_is_drawn_on_a_terminal_alone(call, orders, terminal):
    from django.core.management import call_command

    orders(*["Ada"] * 3)
    stdout = StringIO()
    call_command("process_orders", stdout=stdout, stderr=terminal._out)
    assert terminal.getvalue().startswith("\rOrders: 0/3")
    assert terminal.getvalue().endswith("\rOrders: 3/3\n")
    assert stdout.getvalue() == "Processed 3 of 3 pending orders.\n"


def test_a_log_says_how_far_it_is(call, orders, monkeypatch):
    monkeypatch.setattr(progress, "LOG_INTERVAL", 0)
    orders(*["Ada"] * 3)
    assert call("process_orders") == "Processed 3 of 3 pending orders.\n"
    assert call.stderr == "Orders: 2 of 3\nOrders: 3 of 3\n"


@pytest.mark.full
@pytest.mark.django_db(transaction=True)
def test_a_log_of_both_streams_gets_no_frames_and_the_summary_before_the_error(manage, orders):
    orders("Ada", "Ada", "")
    done = manage("process_orders", stderr=subprocess.STDOUT, env={"PYTHONUNBUFFERED": ""})
    assert done.returncode == 1
    assert done.stdout == (
        "Processed 2 of 3 pending orders.\n"
        "CommandError: Orders without a customer, left pending: 1 (-v 2 names them). "
        "Enter a customer for each, then run the command again.\n"
    )


@pytest.mark.posix
@pytest.mark.django_db(transaction=True)
def test_sigterm_ends_the_wait_for_a_lock_with_the_summary_and_exit_code_143(
    manage, orders, lock_orders, select
):
    orders(*["Ada"] * 150)
    lock_orders()
    # The first frame is there, and the first batch waits for the lock.
    done = manage.terminal("process_orders", keys=[("0/150", signal.SIGTERM)])
    assert done.returncode == 143
    assert done.stdout == (
        "\rOrders: 0/150\rOrders: 0/150\r\nProcessed 0 of 150 pending orders.\r\n"
    )
    assert select(manage, "SELECT count(*) FROM shop_auditlog") == [(0,)]


@pytest.mark.posix
def test_a_signal_after_the_last_batch_does_not_undo_that_all_was_done(orders, signal_at_the_end):
    orders("Ada", "Bob")
    assert signal_at_the_end(Command()) == "Processed 2 pending orders."


@pytest.mark.posix
def test_a_signal_at_the_end_is_no_success_where_an_order_stays_pending(orders, signal_at_the_end):
    orders("Ada", "")
    assert signal_at_the_end(Command()) == ""


@pytest.mark.posix
def test_a_second_signal_waits_until_a_committed_batch_is_counted(call, orders, monkeypatch):
    def hold_and_stop_twice(stop):
        hold(stop)
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)

    hold = GracefulShutdown.hold
    monkeypatch.setattr(GracefulShutdown, "hold", hold_and_stop_twice)
    orders(*["Ada"] * 3)
    with pytest.raises(SystemExit, match="^143$"):
        call("process_orders")
    assert call.stdout == "Processed 2 of 3 pending orders.\n"
    assert statuses() == [PROCESSED, PROCESSED, PENDING]
