"""Each step does what the page says, and fails as the page says."""

import signal
import sqlite3
from datetime import timedelta

import pytest
from django.core.management.base import CommandError
from django.db import OperationalError, connection
from django.utils import timezone

from shared_project.shop.models import CartItem, Session

pytestmark = pytest.mark.django_db

DELETED = "Deleted 2 sessions and 2 cart items."


@pytest.fixture
def before_writing():
    """Return a context in which `action` runs once, right before the first batch is written."""

    def context(action):
        waiting = [action]

        def wrapper(execute, sql, parameters, many, more):
            if waiting and sql.startswith(("SAVEPOINT", "DELETE")):
                waiting.pop()()
            return execute(sql, parameters, many, more)

        return connection.execute_wrapper(wrapper)

    return context


@pytest.fixture
def at_every_delete():
    """Return a context in which `action` runs before each DELETE from the sessions."""

    def context(action):
        def wrapper(execute, sql, parameters, many, more):
            if sql.startswith('DELETE FROM "shop_session"'):
                action()
            return execute(sql, parameters, many, more)

        return connection.execute_wrapper(wrapper)

    return context


def keys():
    return [*Session.objects.order_by("pk").values_list("key", flat=True)]


def touch_first():
    Session.objects.filter(key="1").update(last_activity=timezone.now())


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_every_step_deletes_what_is_old_and_keeps_what_is_fresh(call, step, shop, number, size):
    call(step(number), batch_size=size)
    assert keys() == ["3"]
    assert not CartItem.objects.exists()


@pytest.mark.parametrize("number", [1, 2, 3])
def test_every_step_says_what_the_cutoff_is(call, step, number):
    day = timezone.now() - timedelta(days=30)
    assert call(step(number), "--days", "30").startswith(f"Cutoff: {day:%Y-%m-%d}")


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_dry_run_of_every_step_deletes_nothing(call, step, shop, number):
    call(step(number), dry_run=True)
    assert keys() == ["1", "2", "3"]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_every_step_has_nothing_to_do_in_an_empty_shop(call, step, number):
    assert "Deleted 0 sessions" in call(step(number))


@pytest.mark.parametrize("days", [0, -5])
def test_step_1_deletes_every_session_where_the_cutoff_is_now_or_later(call, step, shop, days):
    call(step(1), f"--days={days}")
    assert keys() == []


def test_step_1_leaves_the_calendar_with_a_traceback(call, step):
    with pytest.raises(OverflowError):
        call(step(1), days=999_999)


def test_step_1_does_nothing_in_batches_of_0_and_has_a_traceback_below(call, step, shop):
    assert call(step(1), batch_size=0).endswith("Deleted 0 sessions.\n")
    with pytest.raises(ValueError, match="Negative indexing"):
        call(step(1), batch_size=-1)


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="the limit is SQLite's")
def test_step_1_has_a_traceback_for_batches_beyond_the_parameters_of_a_statement(
    call, step, long_ago
):
    Session.objects.bulk_create(Session(key=str(n), last_activity=long_ago) for n in range(1200))
    limit = sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER
    before = connection.connection.setlimit(limit, 999)
    try:
        with pytest.raises(OperationalError, match="too many SQL variables"):
            call(step(1), batch_size=300_000)
    finally:
        connection.connection.setlimit(limit, before)


@pytest.mark.parametrize("number", [2, 3])
@pytest.mark.parametrize("days", [0, -5, 36_501, 999_999])
def test_later_steps_refuse_days_out_of_bounds(call, step, shop, number, days):
    with pytest.raises(CommandError, match=r"^--days: must be from 1 to 36500\.$") as error:
        call(step(number), days=days)
    assert error.value.returncode == 2
    assert keys() == ["1", "2", "3"]


@pytest.mark.parametrize("number", [2, 3])
def test_the_oldest_cutoff_is_within_the_calendar(call, step, shop, number):
    assert "Deleted 0 sessions" in call(step(number), days=36_500)


@pytest.mark.parametrize("number", [2, 3])
@pytest.mark.parametrize("size", [0, -1, 10_001])
def test_later_steps_refuse_a_batch_size_out_of_bounds(call, step, number, size):
    with pytest.raises(CommandError, match=r"^--batch-size: must be from 1 to 10000\.$") as error:
        call(step(number), batch_size=size)
    assert error.value.returncode == 2


def test_step_1_counts_cart_items_as_sessions_and_its_dry_run_does_not(call, step, shop):
    assert call(step(1), dry_run=True).endswith("\nWould delete 2 sessions.\n")
    assert call(step(1)).endswith("\nDeleted 4 sessions.\n")


@pytest.mark.parametrize("number", [2, 3])
def test_later_steps_count_sessions_and_cart_items_apart(call, step, shop, number):
    dry = call(step(number), dry_run=True)
    assert dry.endswith("\nWould delete 2 sessions and 2 cart items.\n")
    assert call(step(number)).endswith(f"\n{DELETED}\n")


def test_step_1_deletes_a_session_that_has_become_fresh(call, step, shop, before_writing):
    with before_writing(touch_first):
        call(step(1))
    assert keys() == ["3"]


@pytest.mark.parametrize("number", [2, 3])
def test_later_steps_keep_a_session_that_has_become_fresh(
    call, step, shop, before_writing, number
):
    with before_writing(touch_first):
        stdout = call(step(number))
    assert stdout.endswith("\nDeleted 1 sessions and 0 cart items.\n")
    assert keys() == ["1", "3"]
    assert CartItem.objects.count() == 2


def test_step_1_never_ends_where_a_trigger_keeps_a_row(call, step, shop, trigger, at_every_delete):
    trigger(Session, "1 = 1")
    passes = iter(range(50))

    def lose_patience():
        if next(passes, None) is None:
            raise TimeoutError

    with at_every_delete(lose_patience), pytest.raises(TimeoutError):
        call(step(1))


@pytest.mark.parametrize("number", [2, 3])
def test_later_steps_pass_a_row_that_a_trigger_keeps(call, step, shop, trigger, number):
    trigger(Session, "OLD.key = '1'")
    assert "Deleted 1 sessions" in call(step(number), batch_size=1)
    assert keys() == ["1", "3"]


@pytest.mark.parametrize(("number", "left"), [(1, 0), (2, 2), (3, 2)])
def test_only_step_1_chases_old_sessions_that_arrive_meanwhile(
    call, step, shop, long_ago, at_every_delete, number, left
):
    arriving = iter("ab")

    def arrive():
        if key := next(arriving, None):
            Session.objects.create(key=key, last_activity=long_ago)

    with at_every_delete(arrive):
        call(step(number), batch_size=1)
    assert len(keys()) == 1 + left


def stop(number):
    return lambda: signal.raise_signal(number)


def test_step_2_does_not_say_what_it_has_deleted_before_a_signal(call, step, shop, before_delete):
    with before_delete(Session, stop(signal.SIGINT)), pytest.raises(KeyboardInterrupt):
        call(step(2))
    assert "Deleted" not in call.stdout
    assert keys() == ["1", "2", "3"]


@pytest.mark.posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_step_3_finishes_its_batch_says_what_it_did_and_goes_on(
    call, step, shop, before_delete, number, code
):
    handler = signal.getsignal(number)
    with (
        before_delete(Session, stop(number)),
        pytest.raises(CommandError, match=r"^Stopped\. Run it again to go on\.$") as error,
    ):
        call(step(3), batch_size=1)
    assert error.value.returncode == code
    assert call.stdout.endswith("\nDeleted 1 sessions and 2 cart items.\n")
    assert call(step(3)).endswith("\nDeleted 1 sessions and 0 cart items.\n")
    assert signal.getsignal(number) == handler


def test_a_signal_in_the_last_batch_of_step_3_does_not_make_it_fail(
    call, step, shop, before_delete
):
    with before_delete(Session, stop(signal.SIGINT)):
        assert call(step(3)).endswith(f"\n{DELETED}\n")


def test_step_3_says_what_it_did_before_an_error(call, step, shop, at_every_delete):
    def fail_at_the_second():
        if len(keys()) == 2:
            raise OperationalError("disk is full")

    with at_every_delete(fail_at_the_second), pytest.raises(OperationalError):
        call(step(3), batch_size=1)
    assert call.stdout.endswith("\nDeleted 1 sessions and 2 cart items.\n")
