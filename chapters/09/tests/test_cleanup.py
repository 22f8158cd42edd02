import signal
import sqlite3
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, OperationalError, connection
from django.db.models import CASCADE, PROTECT
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cleanup.deletion import delete_in_batches
from cleanup.management.commands.cleanup_old_data import Command
from cleanup.results import TargetResult
from cleanup.targets import TARGETS, Target, end_wait
from shared_project.shop.models import AuditLog, CartItem, Order, Session, TempFile
from shared_project.toolkit import shutdown
from shared_project.toolkit.batches import key_range
from shared_project.toolkit.shutdown import GracefulShutdown

pytestmark = pytest.mark.django_db

ALL_GONE = [
    "Audit logs: 2 deleted",
    "Sessions: 2 deleted, and 2 cart items with them",
    "Temp files: 2 deleted",
]


def left():
    return [model.objects.count() for model in (AuditLog, Session, CartItem, TempFile)]


def lines(text):
    return text.splitlines()[1:]


def test_deletes_what_is_old_and_keeps_what_is_fresh(call, shop):
    assert lines(call("cleanup_old_data")) == ALL_GONE
    assert left() == [1, 1, 0, 1]
    assert call.stderr == ""


def test_says_what_the_cutoff_is(call, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 11, 23, 3, 30, tzinfo=UTC))
    assert call("cleanup_old_data", days=2).startswith(
        "Cutoff: 2026-11-21 03:30:00 UTC, 2 days ago\n"
    )


@pytest.mark.parametrize(("older", "count"), [(0, 0), (1, 1)])
def test_a_row_at_the_cutoff_stays(call, monkeypatch, older, count):
    now = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)
    AuditLog.objects.create(created_at=now - timedelta(days=30, microseconds=older))
    output = call("cleanup_old_data", "--days", "30")
    assert lines(output)[0] == f"Audit logs: {count} deleted"


def test_dry_run_prints_the_numbers_of_the_run_and_changes_nothing(call, shop):
    before = left()
    dry = lines(call("cleanup_old_data", "--dry-run", "--batch-size", "1"))
    assert left() == before
    assert [line.replace("to delete", "deleted") for line in dry] == ALL_GONE
    assert lines(call("cleanup_old_data")) == ALL_GONE


@pytest.mark.parametrize(
    ("model", "gone", "expected"),
    [
        ("audit_logs", ALL_GONE[0], [1, 3, 2, 3]),
        ("sessions", ALL_GONE[1], [3, 1, 0, 3]),
        ("temp_files", ALL_GONE[2], [3, 3, 2, 1]),
    ],
)
def test_model_limits_what_is_cleaned_up(call, shop, model, gone, expected):
    assert lines(call("cleanup_old_data", "--model", model)) == [gone]
    assert left() == expected


@pytest.mark.parametrize("size", ["1", "2", "3", "300000"])
def test_any_batch_size_deletes_the_same(call, shop, size):
    assert lines(call("cleanup_old_data", "--batch-size", size)) == ALL_GONE


@pytest.mark.parametrize(
    ("seconds", "refused", "expected"),
    [(0.001, False, [100, 200, 100]), (0.005, False, [100] * 4), (0.001, True, [0] * 3)],
)
def test_the_time_of_a_transaction_alone_sets_the_size_of_the_next_batch(
    long_ago, monkeypatch, seconds, refused, expected
):
    AuditLog.objects.bulk_create(AuditLog(created_at=long_ago) for _ in range(400))
    delete, clock = Target.delete, [0.0]

    def delete_for_a_while(self, *batch):
        clock[0] += seconds
        if refused:
            raise IntegrityError("needed")
        return delete(self, *batch)

    monkeypatch.setattr(Target, "delete", delete_for_a_while)
    monkeypatch.setattr("cleanup.deletion.perf_counter", lambda: clock[0])
    target = TARGETS["audit_logs"]
    old = target.old(timezone.now())
    found = []
    for batch in delete_in_batches(
        TargetResult(target), old, key_range(old), 1000, GracefulShutdown(), dry_run=False
    ):
        found.append(batch.rows)
        clock[0] += 10  # for what the caller does between two batches
    assert found == expected


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="the limit is SQLite's")
def test_a_large_batch_stays_within_the_parameters_of_a_statement(call, long_ago):
    Session.objects.bulk_create(Session(key=str(n), last_activity=long_ago) for n in range(1200))
    limit = sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER
    before = connection.connection.setlimit(limit, 999)
    try:
        output = call("cleanup_old_data", model="sessions", batch_size=300_000)
    finally:
        connection.connection.setlimit(limit, before)
    assert lines(output) == ["Sessions: 1200 deleted"]


@pytest.mark.parametrize("days", ["0", "-5", "999999", "1.5", "", "ten"])
def test_refuses_days_that_would_delete_everything_or_leave_the_calendar(call, shop, days):
    expected = "--days: must be a whole number from 1 to 36500, not "
    with pytest.raises(CommandError, match=f"argument {expected}"):
        call("cleanup_old_data", f"--days={days}")
    with pytest.raises(CommandError, match=f"^{expected}"):
        call("cleanup_old_data", days=days)
    assert left() == [3, 3, 2, 3]


def test_the_oldest_cutoff_is_within_the_calendar(call, shop):
    assert lines(call("cleanup_old_data", "--days", "36500"))[0] == "Audit logs: 0 deleted"


@pytest.mark.parametrize("size", ["0", "-1", "1000001", "all"])
def test_refuses_a_batch_size_that_is_none(call, size):
    expected = "--batch-size: must be a whole number from 1 to 1000000, not "
    with pytest.raises(CommandError, match=f"argument {expected}"):
        call("cleanup_old_data", f"--batch-size={size}")
    with pytest.raises(CommandError, match=f"^{expected}"):
        call("cleanup_old_data", batch_size=size)


def test_refuses_an_unknown_model_by_keyword_too(call):
    with pytest.raises(CommandError, match=r"invalid choice: 'users'"):
        call("cleanup_old_data", "--model", "users")
    with pytest.raises(
        CommandError,
        match=r"^--model: must be one of audit_logs, sessions, temp_files, all, not 'users'\.$",
    ):
        call("cleanup_old_data", model="users")


def test_verbosity_0_is_silent(call, shop):
    assert (call("cleanup_old_data", verbosity=0), call.stderr) == ("", "")


def test_verbosity_2_writes_a_line_for_each_batch_to_stderr(call, shop):
    pks = list(AuditLog.objects.order_by("pk").values_list("pk", flat=True))
    call("cleanup_old_data", model="audit_logs", batch_size=1, verbosity=2)
    assert call.stderr == "".join(f"audit logs {pk} to {pk}: 1\n" for pk in pks[:2])


@pytest.mark.posix
def test_after_a_stop_the_next_run_goes_on(call, shop, before_delete):
    stop = before_delete(AuditLog, lambda: signal.raise_signal(signal.SIGTERM))
    with stop, pytest.raises(SystemExit, match="^143$"):
        call("cleanup_old_data", batch_size=1)
    assert lines(call.stdout) == ["Audit logs: 1 deleted"]
    assert lines(call("cleanup_old_data")) == ["Audit logs: 1 deleted", *ALL_GONE[1:]]


def twice():
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGTERM)


@pytest.fixture
def stop_twice_after():
    """Return a context in which two signals come right after the first statement with `text`."""

    def context(text):
        waiting = [twice]

        def wrapper(execute, sql, parameters, many, more):
            result = execute(sql, parameters, many, more)
            if waiting and text in sql:
                waiting.pop()()
            return result

        return connection.execute_wrapper(wrapper)

    return context


@pytest.mark.posix
@pytest.mark.parametrize(("model", "gone"), [(AuditLog, 2), (Session, 0), (TempFile, 0)])
def test_a_second_signal_before_the_commit_rolls_back_and_after_it_waits(
    call, shop, stop_twice_after, model, gone
):
    delete = f'DELETE FROM "{model._meta.db_table}"'
    with stop_twice_after(delete), pytest.raises(SystemExit, match="^143$"):
        call("cleanup_old_data")
    assert lines(call.stdout)[-1].endswith(f": {gone} deleted")
    assert model.objects.count() == 3 - gone
    assert call.stderr == "Stopped before the end. Run the command again to go on.\n"


@pytest.mark.posix
def test_a_signal_and_nothing_else_ends_the_wait_of_a_batch_that_is_held():
    with GracefulShutdown() as stop:
        stop.hold()
        end_wait(stop)
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(SystemExit, match="^143$"):
            end_wait(stop)


class Impatience(StringIO):
    """A stream whose reader sends two signals as soon as a line with `text` is there."""

    text = "Audit logs"

    def write(self, text):
        super().write(text)
        if self.text in text:
            twice()


@pytest.mark.posix
def test_a_signal_during_the_summary_does_not_cut_it_short(shop):
    stdout = Impatience()
    with pytest.raises(SystemExit, match="^143$"):
        call_command("cleanup_old_data", stdout=stdout, stderr=StringIO())
    assert lines(stdout.getvalue()) == ALL_GONE


@pytest.mark.posix
@pytest.mark.parametrize(
    ("options", "done"),
    [
        ([], f"{'; '.join(ALL_GONE)}."),
        (["--dry-run"], ""),
    ],
)
def test_a_signal_at_the_end_does_not_undo_that_all_was_done(shop, monkeypatch, options, done):
    assert work_done_after_a_signal(monkeypatch, *options) == done


@pytest.mark.posix
def test_a_signal_at_the_end_hides_no_problem(shop, trigger):
    trigger(TempFile, "OLD.file = 'temp/1.txt'")
    with pytest.raises(CommandError, match="^Temp files: 1 not deleted: another session"):
        call_command("cleanup_old_data", stdout=Impatience(), stderr=StringIO())


def work_done_after_a_signal(monkeypatch, *options):
    """Run as from a command line, with a signal during the summary; return what is done then."""
    command, stderr = Command(), StringIO()
    monkeypatch.setattr(shutdown, "_done", "")
    monkeypatch.setattr(command, "_called_from_command_line", True)
    with pytest.raises(SystemExit, match="^143$"):
        call_command(command, *options, stdout=Impatience(), stderr=stderr)
    assert stderr.getvalue() == ""
    return shutdown.work_done()


def test_a_batch_without_children_is_one_delete(call, shop):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        call("cleanup_old_data", model="audit_logs")
    deletes = [q["sql"] for q in queries if q["sql"].startswith("DELETE")]
    assert len(deletes) == 1
    assert "created_at" in deletes[0]
    assert not [q for q in queries if '"actor"' in q["sql"]]


def test_every_cascade_and_protection_of_a_target_is_known():
    for target in TARGETS.values():
        known = {getattr(target, "child", None), getattr(target, "user", None)} - {None}
        relations = target.model._meta.related_objects
        assert {relation.related_model for relation in relations} == known
        assert {relation.on_delete for relation in relations} <= {CASCADE, PROTECT}


def test_a_log_touched_before_its_delete_survives(call, shop, before_delete):
    touched = AuditLog.objects.earliest("pk")

    def touch():
        AuditLog.objects.filter(pk=touched.pk).update(created_at=timezone.now())

    with before_delete(AuditLog, touch):
        assert lines(call("cleanup_old_data"))[0] == "Audit logs: 1 deleted"
    assert AuditLog.objects.filter(pk=touched.pk).exists()


def test_a_session_touched_before_its_delete_survives_with_its_cart(call, shop, before_delete):
    def touch():
        Session.objects.filter(key="1").update(last_activity=timezone.now())

    with before_delete(Session, touch):
        assert lines(call("cleanup_old_data"))[1] == "Sessions: 1 deleted"
    assert CartItem.objects.filter(session__key="1").count() == 2


def test_old_rows_that_arrive_meanwhile_are_not_chased(call, shop, long_ago, monkeypatch):
    delete = Target.delete

    def delete_and_receive(self, *batch):
        AuditLog.objects.create(created_at=long_ago)
        return delete(self, *batch)

    monkeypatch.setattr(Target, "delete", delete_and_receive)
    output = call("cleanup_old_data", model="audit_logs", batch_size=1)
    assert lines(output) == ALL_GONE[:1]
    assert AuditLog.objects.filter(created_at=long_ago).count() == 2


def test_a_silent_trigger_ends_as_an_error_after_everything_else_has_gone(call, shop, trigger):
    first = AuditLog.objects.earliest("pk").pk
    trigger(AuditLog, f"OLD.id = {first}")
    with pytest.raises(CommandError) as error:
        call("cleanup_old_data")
    assert str(error.value) == (
        "Audit logs: 1 not deleted: another session holds them, or a trigger keeps "
        "them. Run the command again; if they stay, look for what keeps them."
    )
    assert lines(call.stdout) == ["Audit logs: 1 deleted", *ALL_GONE[1:]]


def test_a_trigger_that_raises_stops_its_batch_and_no_other(call, shop, trigger):
    first = AuditLog.objects.earliest("pk").pk
    trigger(AuditLog, f"OLD.id = {first}", "logs are for ever")
    with pytest.raises(CommandError, match="^Audit logs: 1 not deleted: logs are for ever. Run"):
        call("cleanup_old_data", batch_size=1)
    assert lines(call.stdout) == ["Audit logs: 1 deleted", *ALL_GONE[1:]]


def test_a_trigger_that_raises_without_a_word_is_one_that_keeps_rows(call, shop, trigger):
    trigger(AuditLog, "1 = 1", "")
    with pytest.raises(
        CommandError, match="^Audit logs: 2 not deleted: (another session|CONTEXT)"
    ):
        call("cleanup_old_data")


def test_a_session_that_a_trigger_keeps_also_keeps_its_cart(call, shop, trigger):
    trigger(Session, "OLD.key = '1'")
    with pytest.raises(CommandError, match="^Sessions: 1 not deleted: "):
        call("cleanup_old_data")
    assert left()[1:3] == [2, 2]


def test_a_session_whose_cart_is_refused_stays_with_it(call, shop, trigger):
    trigger(CartItem, "1 = 1", "carts are for ever")
    with pytest.raises(CommandError, match="^Sessions: 2 not deleted: carts are for ever"):
        call("cleanup_old_data")
    assert left()[1:3] == [3, 2]


def test_a_batch_of_files_goes_as_a_whole(call, shop, trigger, monkeypatch):
    monkeypatch.setattr("cleanup.targets.KEYS_IN_A_STATEMENT", 1)
    trigger(TempFile, "OLD.file = 'temp/2.txt'", "needed")
    with pytest.raises(CommandError, match="^Temp files: 2 not deleted: needed"):
        call("cleanup_old_data", model="temp_files")
    assert left()[3] == 3


def test_a_batch_that_was_refused_is_tried_again(call, shop, monkeypatch):
    delete = Target.delete
    refusals = [IntegrityError("for now")]

    def refuse_once(self, *batch):
        if refusals:
            raise refusals.pop()
        return delete(self, *batch)

    monkeypatch.setattr(Target, "delete", refuse_once)
    assert lines(call("cleanup_old_data", batch_size=1)) == ALL_GONE


def test_a_database_error_comes_after_the_summary_so_far(call, shop, monkeypatch):
    def fail(self, *batch):
        raise OperationalError("disk is full")

    monkeypatch.setattr(type(TARGETS["sessions"]), "delete", fail)
    with pytest.raises(OperationalError, match="disk is full"):
        call("cleanup_old_data")
    assert lines(call.stdout) == ["Audit logs: 2 deleted", "Sessions: 0 deleted"]


def test_a_file_that_an_order_needs_is_kept_by_dry_run_and_run(call, shop, long_ago):
    needed = TempFile.objects.earliest("pk")
    Order.objects.create(number="A-1", total=1, receipt=needed)
    for dry_run, done in ((True, "1 to delete"), (False, "1 deleted"), (False, "0 deleted")):
        stdout = call("cleanup_old_data", dry_run=dry_run)
        assert lines(stdout)[-1] == f"Temp files: {done}, 1 still needed by an order"
    assert TempFile.objects.filter(pk=needed.pk).exists()
    assert left() == [1, 1, 0, 2]


def test_a_file_that_an_order_needs_hides_no_row_that_a_trigger_keeps(call, shop, trigger):
    Order.objects.create(number="A-1", total=1, receipt=TempFile.objects.get(file="temp/1.txt"))
    trigger(TempFile, "OLD.file = 'temp/2.txt'")
    with pytest.raises(CommandError, match="^Temp files: 1 not deleted: another session"):
        call("cleanup_old_data")
    assert lines(call.stdout)[-1] == "Temp files: 0 deleted, 1 still needed by an order"
