"""What needs a second session: locks, waiting, and a connection that is lost."""

import signal
import threading
from contextlib import contextmanager
from zlib import crc32

import pytest
from django.core.management.base import CommandError
from django.db import (
    DataError,
    InternalError,
    OperationalError,
    ProgrammingError,
    connection,
    transaction,
)

from cleanup.targets import Target, TargetWithFile
from shared_project.shop.models import AuditLog, CartItem, Order, Session, TempFile
from shared_project.toolkit import locks

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


class Other:
    """A second session of the database, as a web request or another cleanup has it."""

    def __init__(self):
        self.connection = connection.copy()

    def __call__(self, sql, *parameters):
        with self.connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []

    def begin(self):
        self.connection.set_autocommit(False)

    def commit(self):
        self.connection.commit()
        self.connection.set_autocommit(True)


@pytest.fixture
def other():
    other = Other()
    yield other
    other.connection.close()


@pytest.fixture
def during_delete(monkeypatch):
    """Return a function that has `action` done when the first batch is about to be deleted."""

    def install(action):
        delete = Target.delete

        def act_and_delete(self, *batch):
            action()
            return delete(self, *batch)

        monkeypatch.setattr(Target, "delete", act_and_delete)

    return install


@pytest.fixture
def commits_when_somebody_waits(other, wait_until_waiting):
    """Return a context in which `other` commits as soon as a session waits for a lock."""

    def commit():
        wait_until_waiting()
        connection.close()
        other.commit()

    @contextmanager
    def context():
        thread = threading.Thread(target=commit)
        other.connection.inc_thread_sharing()
        thread.start()
        yield
        thread.join()
        other.connection.dec_thread_sharing()

    return context


def settings_of_this_session():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('lock_timeout'), current_setting('synchronous_commit'), "
            "(SELECT count(*) FROM pg_locks"
            " WHERE locktype = 'advisory' AND pid = pg_backend_pid())"
        )
        return cursor.fetchone()


def test_a_second_cleanup_says_that_one_is_running(call, shop, other, during_delete):
    errors = []

    def start_another():
        # Advisory locks belong to a session, so the second cleanup needs one of its own.
        def run():
            try:
                call("cleanup_old_data", days=1)
            except CommandError as error:
                errors.append(str(error))
            finally:
                connection.close()

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()

    during_delete(start_another)
    call("cleanup_old_data", model="audit_logs")
    assert errors == ["Another cleanup_old_data is running. Run this one again when it has ended."]
    assert AuditLog.objects.count() == 1


def test_a_dry_run_runs_beside_a_cleanup(call, shop, other, during_delete):
    output = []
    during_delete(lambda: output.append(call("cleanup_old_data", "--dry-run")))
    call("cleanup_old_data", model="audit_logs")
    assert "Audit logs: 2 to delete" in output[0]


@pytest.fixture
def own_settings():
    """Give the session settings of its own; return them as `settings_of_this_session` does."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '7s'; SET synchronous_commit = local")
    yield ("7s", "local", 0)
    connection.close()


def test_a_cleanup_holds_its_lock_and_lends_its_settings(call, shop, during_delete):
    seen = []
    during_delete(lambda: seen.append(settings_of_this_session()))
    call("cleanup_old_data", model="audit_logs")
    assert seen == [("500ms", "off", 1)]


def test_the_lock_and_the_settings_of_the_session_are_given_back(call, shop, own_settings):
    call("cleanup_old_data")
    assert settings_of_this_session() == own_settings


@pytest.mark.parametrize("error", [OperationalError, KeyboardInterrupt, SystemExit, CommandError])
def test_they_are_given_back_after_an_error(call, shop, during_delete, own_settings, error):
    def fail():
        raise error("disk is full")

    during_delete(fail)
    with pytest.raises(error):
        call("cleanup_old_data")
    assert settings_of_this_session() == own_settings


def test_they_are_given_back_to_who_ends_transactions_alone(call, shop, own_settings):
    transaction.set_autocommit(False)
    try:
        call("cleanup_old_data")
        assert settings_of_this_session()[2] == 1
        transaction.commit()
        assert settings_of_this_session() == own_settings
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)


@pytest.mark.parametrize("end", [transaction.commit, transaction.rollback])
def test_the_lock_stays_until_the_callers_transaction_ends(call, shop, other, own_settings, end):
    key = crc32(b"cleanup_old_data")
    with transaction.atomic():
        call("cleanup_old_data")
        assert settings_of_this_session() == (*own_settings[:2], 1)
        assert other("SELECT pg_try_advisory_lock(%s)", key) == [(False,)]
        call("cleanup_old_data")
        transaction.set_rollback(end is transaction.rollback)
    assert settings_of_this_session() == own_settings


def break_the_transaction():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")


def test_the_lock_goes_with_the_savepoint_in_which_a_statement_fails(
    call, shop, during_delete, own_settings
):
    with transaction.atomic():
        during_delete(break_the_transaction)
        with pytest.raises(DataError), transaction.atomic():
            call("cleanup_old_data")
        assert settings_of_this_session() == own_settings
    assert settings_of_this_session() == own_settings


def test_the_lock_goes_with_the_transaction_in_which_a_statement_fails(
    call, shop, during_delete, own_settings
):
    def go_on_after_the_failure():
        with transaction.atomic():
            with pytest.raises(DataError):
                call("cleanup_old_data")
            settings_of_this_session()

    during_delete(break_the_transaction)
    with pytest.raises(InternalError, match="current transaction is aborted"):
        go_on_after_the_failure()
    assert settings_of_this_session() == own_settings


def test_a_session_that_was_left_amid_a_statement_takes_the_lock_along(
    call, shop, other, during_delete
):
    def leave():
        # As a signal's SystemExit leaves it that strikes while the driver waits.
        connection.connection.pgconn.send_query(b"SELECT 1")
        raise SystemExit(143)

    during_delete(leave)
    with pytest.raises(SystemExit):
        call("cleanup_old_data")
    assert other("SELECT pg_advisory_lock(%s)", crc32(b"cleanup_old_data"))


@pytest.fixture
def session_lost(other):
    """Return a context in which the server ends the session before a statement with `text`."""

    def context(text):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            [pid] = cursor.fetchone()

        def lose_it(execute, sql, parameters, many, more):
            if text in sql:
                other("SELECT pg_terminate_backend(%s, 5000)", pid)
            return execute(sql, parameters, many, more)

        return connection.execute_wrapper(lose_it)

    yield context
    connection.close()


def test_a_lost_connection_is_the_error_and_the_summary_is_printed(call, shop, session_lost):
    with (
        session_lost("COUNT"),
        pytest.raises(OperationalError, match="terminating connection"),
    ):
        call("cleanup_old_data")
    assert call.stdout.endswith("Audit logs: 0 deleted\n")


def test_files_are_named_and_rows_counted_where_the_connection_is_lost_after_the_commit(
    call, shop, stored, session_lost
):
    names = stored()
    with session_lost('"file" IN'), pytest.raises(OperationalError):
        call("cleanup_old_data", model="temp_files")
    assert call.stdout.endswith("Temp files: 2 deleted\n")
    assert call.stderr.splitlines() == [
        *(
            f"temp/{number}.txt: No answer whether another row names it (terminating connection "
            "due to administrator command). Remove it by hand if none does."
            for number in (1, 2)
        ),
        "Temp files: 2 left in the storage. Remove by hand those that no row names.",
    ]
    assert names() == ["1.txt", "2.txt", "3.txt"]


def test_a_file_whose_other_row_a_request_holds_stays(call, shop, stored, long_ago, other):
    names = stored()
    held = TempFile.objects.create(file="temp/1.txt", uploaded_at=long_ago)
    other.begin()
    other("SELECT 1 FROM shop_tempfile WHERE id = %s FOR UPDATE", held.pk)
    with pytest.raises(CommandError, match="^Temp files: 1 not deleted: another"):
        call("cleanup_old_data")
    other.commit()
    assert names() == ["1.txt", "3.txt"]
    call("cleanup_old_data")
    assert names() == ["3.txt"]


def test_the_commit_of_rows_with_files_waits_for_the_disk(call, shop):
    seen = []

    def wrapper(execute, sql, parameters, many, more):
        if sql.startswith("DELETE"):
            seen.append((sql.split('"')[1], settings_of_this_session()[1]))
        return execute(sql, parameters, many, more)

    with connection.execute_wrapper(wrapper):
        call("cleanup_old_data")
    assert ("shop_auditlog", "off") in seen
    assert ("shop_tempfile", "on") in seen


@pytest.fixture
def without_the_right_to_delete():
    """Let the session be of a user who may do anything to the tables but delete rows."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE keeper")
        cursor.execute("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO keeper")
        cursor.execute("SET ROLE keeper")
        yield
        cursor.execute("RESET ROLE")
        cursor.execute("DROP OWNED BY keeper")
        cursor.execute("DROP ROLE keeper")


def test_a_user_without_the_right_to_delete_is_an_error_after_the_summary(
    call, shop, without_the_right_to_delete
):
    with pytest.raises(ProgrammingError, match="permission denied"):
        call("cleanup_old_data")
    assert call.stdout.endswith("Audit logs: 0 deleted\n")


def test_a_dry_run_lends_the_limit_of_a_wait_alone(call, shop, own_settings):
    seen = []

    def wrapper(execute, sql, parameters, many, more):
        if sql.startswith("SELECT COUNT"):
            seen.append(settings_of_this_session())
        return execute(sql, parameters, many, more)

    with connection.execute_wrapper(wrapper):
        call("cleanup_old_data", "--dry-run")
    assert {*seen} == {("500ms", "local", 0)}


@pytest.fixture
def held(other):
    """Return a function that has another session hold a whole table, as a migration does."""

    def hold(table):
        other.begin()
        other(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")

    return hold


@pytest.fixture
def impatient(monkeypatch):
    """Give up soon; what waits without a limit ends with another error."""
    monkeypatch.setattr(locks, "BATCH_TRIES", 2)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '30s'")
    yield
    connection.close()


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_table_that_is_held_is_not_waited_for_without_end(call, shop, held, impatient, dry_run):
    held("shop_auditlog")
    with pytest.raises(OperationalError, match="lock timeout"):
        call("cleanup_old_data", dry_run=dry_run)
    assert "Audit logs: 0 " in call.stdout


@pytest.mark.posix
@pytest.mark.parametrize("dry_run", [[], ["--dry-run"]])
def test_a_signal_ends_the_wait_for_a_table_that_is_held(
    manage, shop, held, wait_until_waiting, dry_run
):
    held("shop_auditlog")
    process = manage.start("cleanup_old_data", *dry_run)
    wait_until_waiting(is_alive=lambda: process.poll() is None)
    process.send_signal(signal.SIGTERM)
    stdout, _ = process.communicate(timeout=60)
    assert process.returncode == 143
    assert "Audit logs: 0 " in stdout


def test_a_table_that_is_held_in_the_end_comes_after_the_summary(
    call, shop, held, impatient, monkeypatch
):
    kept = TargetWithFile.kept

    def hold_and_count(self, cutoff):
        held("shop_order")
        return kept(self, cutoff)

    monkeypatch.setattr(TargetWithFile, "kept", hold_and_count)
    with pytest.raises(OperationalError, match="lock timeout"):
        call("cleanup_old_data", model="temp_files")
    assert call.stdout.endswith("Temp files: 2 deleted\n")


def test_a_dry_run_that_cannot_count_a_batch_fails(call, shop, held, impatient, monkeypatch):
    count = Target.count

    def hold_and_count(self, rows):
        held("shop_auditlog")
        return count(self, rows)

    monkeypatch.setattr(Target, "count", hold_and_count)
    with pytest.raises(OperationalError, match="lock timeout"):
        call("cleanup_old_data", "--dry-run", model="audit_logs")


def test_a_session_that_a_request_holds_is_left_out_and_survives(call, shop, other):
    other.begin()
    other("UPDATE shop_session SET last_activity = now() WHERE key = '1'")
    other("DELETE FROM shop_cartitem WHERE id = (SELECT max(id) FROM shop_cartitem)")
    with pytest.raises(CommandError, match="^Sessions: 1 not deleted: another session"):
        call("cleanup_old_data")
    assert "Sessions: 1 deleted" in call.stdout
    other.commit()
    assert Session.objects.filter(key="1").exists()
    assert CartItem.objects.count() == 1


def test_a_cart_item_that_a_request_holds_stops_its_batch_and_never_the_request(call, shop, other):
    other.begin()
    other("UPDATE shop_cartitem SET quantity = 5")
    with pytest.raises(CommandError, match="^Sessions: 2 not deleted: canceling .* lock timeout"):
        call("cleanup_old_data")
    # Had the cleanup waited while it held the session, this would be a deadlock.
    other("UPDATE shop_session SET last_activity = now() WHERE key = '1'")
    other.commit()
    assert call("cleanup_old_data").splitlines()[2] == "Sessions: 1 deleted"
    assert list(CartItem.objects.values_list("quantity", flat=True)) == [5, 5]


def test_a_log_touched_while_its_delete_waits_survives(
    call, shop, other, commits_when_somebody_waits
):
    touched = AuditLog.objects.earliest("pk").pk
    other.begin()
    other("UPDATE shop_auditlog SET created_at = now() WHERE id = %s", touched)

    with commits_when_somebody_waits():
        output = call("cleanup_old_data", model="audit_logs")
    assert "Audit logs: 1 deleted" in output
    assert AuditLog.objects.filter(pk=touched).exists()


def test_a_file_attached_to_an_order_meanwhile_is_kept(call, shop, other):
    row = TempFile.objects.earliest("pk")
    order = Order.objects.create(number="A-1", total=1)
    other.begin()
    other("SELECT 1 FROM shop_tempfile WHERE id = %s FOR KEY SHARE", row.pk)
    other("UPDATE shop_order SET receipt_id = %s WHERE id = %s", row.pk, order.pk)
    with pytest.raises(CommandError, match="^Temp files: 1 not deleted: another"):
        call("cleanup_old_data")
    other.commit()
    assert TempFile.objects.filter(pk=row.pk).exists()


def test_an_item_put_into_an_old_cart_before_its_session_is_locked_goes_with_it(
    call, shop, other, long_ago
):
    session = Session.objects.get(key="2")
    product = CartItem.objects.first().product_id
    other(
        "INSERT INTO shop_cartitem (session_id, product_id, quantity) VALUES (%s, %s, 1)",
        session.pk,
        product,
    )
    assert "Sessions: 2 deleted, and 3 cart items with them" in call("cleanup_old_data")


def test_step_2_keeps_a_session_that_has_become_fresh_while_its_lock_was_awaited(
    call, step, shop, other, commits_when_somebody_waits
):
    other.begin()
    other("UPDATE shop_session SET last_activity = now() WHERE key = '1'")
    with commits_when_somebody_waits():
        assert "Deleted 1 sessions and 0 cart items" in call(step(2))
    assert Session.objects.filter(key="1").exists()
    assert CartItem.objects.count() == 2


def test_step_3_does_not_run_beside_another_one(call, step, shop, other):
    other("SELECT pg_advisory_lock(9000001)")
    with pytest.raises(CommandError, match=r"^Another cleanup is running\.$"):
        call(step(3))
    other("SELECT pg_advisory_unlock(9000001)")
    assert "Deleted 2 sessions" in call(step(3))
    assert other("SELECT pg_try_advisory_lock(9000001)") == [(False,)]
    connection.close()
    assert other("SELECT pg_advisory_lock(9000001)")
