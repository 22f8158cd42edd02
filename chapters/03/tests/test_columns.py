from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.contrib.auth.models import User
from django.core.management.base import CommandError
from django.db import connection

from export.columns import BATCH_SIZE, FIELDS, check_fields, read_users


def add(count):
    User.objects.bulk_create(User(username=f"user{number}") for number in range(count))


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
        datetime(2026, 11, 23, 9, 30, 0, 1, tzinfo=UTC),
        datetime(2026, 11, 23, 9, 30, 59, 120000, tzinfo=UTC),
        datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=2))),
        datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ],
)
@pytest.mark.django_db
def test_a_date_is_iso_8601_in_utc_with_offset(moment):
    User.objects.create(username="ada", date_joined=moment)
    ((text,),) = next(read_users(["date_joined"], active_only=False))
    assert text == moment.astimezone(UTC).isoformat(timespec="microseconds")


@pytest.mark.django_db
def test_a_date_that_another_program_wrote_with_milliseconds_is_the_same_moment():
    User.objects.create(username="ada")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE auth_user SET date_joined = '2026-11-23 09:30:00.125'")
    ((text,),) = next(read_users(["date_joined"], active_only=False))
    assert text == "2026-11-23T09:30:00.125000+00:00"


@pytest.mark.django_db
def test_a_missing_date_stays_missing():
    add(1)
    assert list(read_users(["last_login"], active_only=False)) == [[(None,)]]


@pytest.mark.django_db
def test_cells_come_in_the_order_of_the_fields():
    User.objects.create(pk=7, username="ada", email="ada@example.com")
    (((email, joined, key),),) = read_users(["email", "date_joined", "id"], active_only=False)
    assert (email, joined[-6:], key) == ("ada@example.com", "+00:00", 7)


@pytest.mark.django_db
def test_rows_come_in_the_order_of_their_keys():
    for key, name in [(3, "ada"), (1, "zoë"), (2, "grace")]:
        User.objects.create(pk=key, username=name)
    assert list(read_users(["username"], active_only=False)) == [[("zoë",), ("grace",), ("ada",)]]


@pytest.mark.django_db
def test_the_table_is_never_held_as_a_whole(monkeypatch):
    monkeypatch.setattr("django.db.models.QuerySet._fetch_all", lambda _: pytest.fail("held"))
    add(2)
    assert len(next(read_users(["username"], active_only=False))) == 2


@pytest.mark.django_db
def test_only_active_users_are_read_where_that_is_asked():
    User.objects.create(username="ada")
    User.objects.create(username="eve", is_active=False)
    assert list(read_users(["username"], active_only=True)) == [[("ada",)]]
    assert list(read_users(["username"], active_only=False)) == [[("ada",), ("eve",)]]


@pytest.mark.django_db
def test_rows_come_in_batches_by_one_query(django_assert_num_queries, monkeypatch):
    monkeypatch.setattr("export.columns.BATCH_SIZE", 2)
    add(5)
    with django_assert_num_queries(1):
        batches = list(read_users(["username"], active_only=False))
    assert [len(rows) for rows in batches] == [2, 2, 1]


@pytest.mark.django_db
def test_no_user_is_no_batch():
    assert list(read_users(["username"], active_only=False)) == []


def test_every_field_may_be_chosen_and_keeps_its_place():
    assert check_fields(FIELDS[::-1]) == FIELDS[::-1]


def test_no_field_that_holds_a_secret_or_multiplies_rows_is_offered():
    assert not {"password", "groups", "user_permissions"} & set(FIELDS)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (["nope"], "cannot export 'nope'. Choose from: id, username, "),
        (["username", "password"], "cannot export 'password'"),
        (["groups"], "cannot export 'groups'"),
        (["username__password"], "cannot export 'username__password'"),
        (["\x1b[2J"], r"cannot export '\\x1b\[2J'"),
        ([["username"]], r"cannot export '\['"),
        (["email", "username", "email"], "email is repeated"),
        ([], "must be a list of fields"),
        ("username", "must be a list of fields"),
        (None, "must be a list of fields"),
    ],
)
def test_a_list_of_fields_is_refused(fields, message):
    with pytest.raises(CommandError, match=f"^--fields: {message}") as refusal:
        check_fields(fields)
    assert refusal.value.returncode == 2


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_postgresql_sends_the_rows_from_a_cursor_that_holds_no_transaction():
    add(BATCH_SIZE + 1)
    batches = read_users(["username"], active_only=False)
    next(batches)
    with connection.cursor() as cursor:
        cursor.execute("SELECT is_holdable FROM pg_cursors WHERE name LIKE '_django_curs%'")
        assert cursor.fetchall() == [(True,)]
    assert connection.get_autocommit()
    assert len(next(batches)) == 1


@pytest.mark.postgres
@pytest.mark.django_db
def test_postgresql_writes_utc_whatever_the_session_says():
    User.objects.create(username="ada", date_joined=datetime(2026, 7, 1, 12, tzinfo=UTC))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'Asia/Tokyo'")
        cursor.execute("SET LOCAL DateStyle = 'German'")
    ((text,),) = next(read_users(["date_joined"], active_only=False))
    assert text == "2026-07-01T12:00:00.000000+00:00"
