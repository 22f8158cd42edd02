"""Each step does what the page says, and fails as the page says."""

import re
import signal
import time
from contextlib import redirect_stderr
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection

from shared_project.shop.models import AuditLog, Order

pytestmark = pytest.mark.django_db

STEPS = [1, 2, 3]


@pytest.fixture
def at_order(monkeypatch):
    """Return a function that registers what happens while the order `number` is worked on."""
    events, orders = {}, []

    def sleep(seconds):
        orders.append(seconds)
        events.get(len(orders), lambda: None)()

    monkeypatch.setattr(time, "sleep", sleep)
    return events.__setitem__


def count(status):
    return Order.objects.filter(status=status).count()


@pytest.mark.parametrize("number", STEPS)
def test_every_step_processes_every_pending_order_and_logs_it_once(call, step, orders, number):
    orders(*["Ada"] * 45)
    orders("Ada", status="canceled")
    call(step(number))
    assert (count("processed"), count("canceled")) == (45, 1)
    actions = set(AuditLog.objects.values_list("action", flat=True))
    assert AuditLog.objects.count() == 45
    assert actions == {f"processed order A-{pk:07}" for pk in range(1, 46)}


@pytest.mark.parametrize("number", STEPS)
def test_every_step_has_nothing_to_do_in_a_second_run(call, step, orders, number):
    orders(*["Ada"] * 3)
    call(step(number))
    call(step(number))
    assert AuditLog.objects.count() == 3


def test_step_1_draws_a_frame_for_every_order_in_a_log_too(call, step, orders):
    orders(*["Ada"] * 3)
    assert call(step(1)) == ("\rProcessed 1 of 3\rProcessed 2 of 3\rProcessed 3 of 3\nDone.\n")


@pytest.mark.posix
def test_step_1_loses_everything_when_it_is_stopped(call, step, orders, at_order):
    orders(*["Ada"] * 25)
    at_order(24, lambda: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        call(step(1), slow=True)
    assert call.stdout.endswith("Processed 23 of 25")
    assert (count("processed"), AuditLog.objects.count()) == (0, 0)


@pytest.mark.parametrize("number", STEPS)
def test_no_step_is_quiet_with_verbosity_0(call, step, orders, number):
    orders("Ada")
    assert "Processed 1 of 1" in call(step(number), verbosity=0)


@pytest.mark.parametrize("number", STEPS)
def test_every_step_overwrites_an_order_that_is_canceled_in_its_batch(
    call, step, orders, at_order, number
):
    orders(*["Ada"] * 3)
    at_order(1, lambda: Order.objects.update(status="canceled"))
    call(step(number), slow=True)
    assert (count("processed"), count("canceled")) == (3, 0)


@pytest.mark.parametrize(("number", "canceled"), [(1, 0), (2, 5), (3, 5)])
def test_later_steps_read_an_order_when_its_batch_begins(
    call, step, orders, at_order, number, canceled
):
    orders(*["Ada"] * 25)
    at_order(1, lambda: Order.objects.filter(number__gt="A-0000020").update(status="canceled"))
    call(step(number), slow=True)
    assert count("canceled") == canceled


@pytest.mark.parametrize("number", [2, 3])
def test_later_steps_draw_a_bar_on_a_terminal(call, step, orders, terminal, number):
    orders(*["Ada"] * 45)
    with redirect_stderr(terminal._out):
        assert call(step(number)) == "Processed 45 of 45 pending orders.\n"
    assert re.search(r"\r100%\|.*\| 45/45 .*order/s\]\n$", terminal.getvalue())


@pytest.mark.parametrize("number", [2, 3])
def test_later_steps_draw_nothing_in_a_log(call, step, orders, capsys, number):
    orders(*["Ada"] * 45)
    assert call(step(number)) == "Processed 45 of 45 pending orders.\n"
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("number", [2, 3])
def test_the_bar_counts_what_is_committed(step, orders, terminal, at_order, number):
    def stop():
        raise OperationalError

    orders(*["Ada"] * 45)
    at_order(25, stop)
    with redirect_stderr(terminal._out), pytest.raises(OperationalError):
        call_command(step(number), slow=True, stdout=StringIO())
    frames = re.findall(r"\| (\d+)/45 ", terminal.getvalue())
    assert frames[-1] == "20"
    assert count("processed") == AuditLog.objects.count() == 20


@pytest.mark.posix
def test_step_2_keeps_its_batches_when_it_is_stopped_and_says_nothing(
    call, step, orders, at_order
):
    orders(*["Ada"] * 45)
    at_order(25, lambda: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        call(step(2), slow=True)
    assert call.stdout == ""
    assert count("processed") == AuditLog.objects.count() == 20


@pytest.mark.posix
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_step_3_finishes_its_batch_and_the_next_run_does_the_rest(
    call, step, orders, at_order, name, code
):
    orders(*["Ada"] * 45)
    at_order(5, lambda: signal.raise_signal(getattr(signal, name)))
    with pytest.raises(CommandError, match=f"^Stopped by {name}.$") as stopped:
        call(step(3), slow=True)
    assert stopped.value.returncode == code
    assert call.stdout == "Processed 20 of 45 pending orders.\n"
    assert call(step(3)) == "Processed 25 of 25 pending orders.\n"
    assert AuditLog.objects.count() == 45


def test_step_3_sums_up_after_an_error_too(call, step, orders, fail_at_the_second_update):
    orders(*["Ada"] * 2)
    with (
        connection.execute_wrapper(fail_at_the_second_update),
        pytest.raises(OperationalError, match="disk is full"),
    ):
        call(step(3))
    assert call.stdout == "Processed 0 of 2 pending orders.\n"
    assert AuditLog.objects.count() == 0


@pytest.mark.posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_step_3_gives_the_signals_back(call, step, orders, number):
    before = signal.getsignal(number)
    call(step(3))
    assert signal.getsignal(number) == before


@pytest.mark.posix
def test_step_3_does_not_hear_a_second_signal(call, step, orders, at_order):
    orders(*["Ada"] * 45)
    for number in (5, 6):
        at_order(number, lambda: signal.raise_signal(signal.SIGTERM))
    with pytest.raises(CommandError):
        call(step(3), slow=True)
    assert count("processed") == 20


@pytest.mark.posix
def test_step_3_takes_a_signal_in_its_last_batch_for_an_unfinished_job(
    call, step, orders, at_order
):
    orders("Ada")
    at_order(1, lambda: signal.raise_signal(signal.SIGTERM))
    with pytest.raises(CommandError, match="Stopped by SIGTERM"):
        call(step(3), slow=True)
    assert call.stdout == "Processed 1 of 1 pending orders.\n"


def test_step_3_processes_orders_that_arrive_meanwhile(call, step, orders, at_order):
    orders(*["Ada"] * 3)
    at_order(1, lambda: orders("Bob"))
    assert call(step(3), slow=True) == "Processed 4 of 3 pending orders.\n"


def test_step_3_processes_an_order_that_names_nobody(call, step, orders):
    orders("")
    assert call(step(3)) == "Processed 1 of 1 pending orders.\n"


@pytest.mark.posix
@pytest.mark.django_db(transaction=True)
def test_step_3_ends_a_process_with_the_code_of_its_signal(manage, orders, select):
    orders(*["Ada"] * 45)
    done = manage.terminal("step", "06/3", "--slow", keys=[("| 0/45 ", signal.SIGTERM)])
    assert done.returncode == 143
    assert re.search(r"\| 20/45 .*\r\nProcessed 20 of 45 pending orders\.\r\n", done.stdout)
    assert "CommandError: Stopped by SIGTERM." in done.stdout
    assert select(manage, "SELECT count(*) FROM shop_auditlog") == [(20,)]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_copies_of_step_3_process_the_same_orders_twice(call, step, orders, other_session):
    orders(*["Ada"] * 3)
    pending = Order.objects.filter(status="pending").order_by("pk")
    with other_session(
        lambda: step(3).process_batch(pending, slow=False),
        lambda: step(3).process_batch(pending, slow=False),
    ):
        pass
    assert AuditLog.objects.count() == 6
