import pytest
from django.contrib.auth.models import Group
from django.db import OperationalError, connection, transaction
from django.db.utils import DatabaseError, InterfaceError

from shared_project.toolkit.locks import session_settings


def read(*names):
    with connection.cursor() as cursor:
        values = []
        for name in names:
            cursor.execute("SELECT current_setting(%s)", [name])
            values.append(cursor.fetchone()[0])
    return values


def write(name, value):
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, false)", [name, value])


@pytest.fixture
def session(transactional_db):
    """The session of a caller who has settings of their own."""
    write("lock_timeout", "7s")
    write("synchronous_commit", "off")
    yield
    connection.close()


def divide_by_zero():
    with session_settings(connection, lock_timeout="500ms"), connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")


NAMES = ("lock_timeout", "synchronous_commit")


@pytest.mark.django_db
def test_a_database_without_such_settings_is_left_alone(monkeypatch):
    monkeypatch.setattr(connection, "vendor", "sqlite")
    with session_settings(connection, no_such_setting="20s"):
        pass


@pytest.mark.postgres
def test_settings_are_lent_and_given_back(session):
    with session_settings(connection, lock_timeout="500ms", synchronous_commit="on"):
        assert read(*NAMES) == ["500ms", "on"]
    assert read(*NAMES) == ["7s", "off"]


@pytest.mark.postgres
def test_they_are_given_back_after_an_error(session):
    with pytest.raises(DatabaseError, match="division by zero"):
        divide_by_zero()
    assert read(*NAMES) == ["7s", "off"]


@pytest.mark.postgres
def test_they_are_given_back_within_the_callers_transaction(session):
    with transaction.atomic():
        with session_settings(connection, lock_timeout="500ms"):
            assert read("lock_timeout") == ["500ms"]
        assert read("lock_timeout") == ["7s"]
    assert read("lock_timeout") == ["7s"]


@pytest.mark.postgres
def test_they_are_given_back_where_the_callers_transaction_has_failed(session):
    with transaction.atomic():
        with pytest.raises(DatabaseError, match="division by zero"):
            divide_by_zero()
        with pytest.raises(DatabaseError, match="transaction is aborted"):
            read("lock_timeout")
    assert read("lock_timeout") == ["7s"]


@pytest.mark.postgres
def test_they_are_given_back_where_the_transaction_has_to_be_rolled_back(session):
    with transaction.atomic(), session_settings(connection, lock_timeout="500ms"):
        transaction.set_rollback(True)
    assert read("lock_timeout") == ["7s"]


@pytest.mark.postgres
def test_a_lost_session_hides_nothing(session):
    with (
        pytest.raises((OperationalError, InterfaceError)),
        session_settings(connection, lock_timeout="500ms"),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.mark.postgres
def test_a_session_that_was_closed_is_not_opened_again(session):
    with session_settings(connection, lock_timeout="500ms"):
        connection.close()
    assert connection.connection is None


@pytest.mark.postgres
def test_a_lock_within_comes_before_the_snapshot(session):
    # Otherwise what another session commits meanwhile fails the transaction: see SQL's LOCK.
    other = connection.copy()
    write("default_transaction_isolation", "repeatable read")
    with transaction.atomic():
        with (
            session_settings(connection, lock_timeout="500ms"),
            other.cursor() as elsewhere,
            connection.cursor() as cursor,
        ):
            elsewhere.execute("INSERT INTO auth_group (name) VALUES ('staff')")
            other.close()
            cursor.execute("LOCK TABLE auth_group IN EXCLUSIVE MODE")
        assert Group.objects.get().name == "staff"


@pytest.mark.postgres
def test_a_value_may_hold_a_quote(session):
    with session_settings(connection, application_name="Ada's shop"):
        assert read("application_name") == ["Ada's shop"]


@pytest.mark.postgres
def test_a_list_of_names_is_given_back_as_a_list(session):
    write("search_path", '"$user", public')
    with session_settings(connection, search_path="public"):
        pass
    assert read("search_path") == ['"$user", public']
    assert Group.objects.count() == 0
