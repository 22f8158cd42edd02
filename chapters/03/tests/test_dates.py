import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.contrib.auth.models import User
from django.core.management.base import CommandError
from django.db import connection, connections
from django.db.models import DateTimeField, Value
from django.db.models.functions import Coalesce

from export import dates as dates_module
from export.columns import read_users
from export.dates import AS_STORED, Iso8601

on_sqlite = pytest.mark.skipif(
    "connection.vendor != 'sqlite'", reason="PostgreSQL has a type for dates"
)


def exported(field="date_joined"):
    (((text,),),) = read_users([field], active_only=False)
    return text


def store(text):
    """Store `text` as the date of the only user, past the ORM."""
    User.objects.create(username="ada")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE auth_user SET date_joined = %s", [text])


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
    assert exported() == moment.astimezone(UTC).isoformat(timespec="microseconds")


READABLE = [
    ("2026-07-01 09:30:00+02:00", "2026-07-01T07:30:00.000000+00:00"),
    ("2026-07-01 09:30:00.5-0330", "2026-07-01T13:00:00.500000+00:00"),
    ("2026-07-01 09:30:00.1+0200", "2026-07-01T07:30:00.100000+00:00"),
    ("2026-07-01 09:30:00.123456+02:00", "2026-07-01T07:30:00.123456+00:00"),
    ("2026-07-01T09:30:00.000000+02:00", "2026-07-01T07:30:00.000000+00:00"),
    ("2026-07-01 09:30+02", "2026-07-01T07:30:00.000000+00:00"),
    ("2026-07-01T09:30:00Z", "2026-07-01T09:30:00.000000+00:00"),
    ("2026-07-01 09:30:00.12345Z", "2026-07-01T09:30:00.123450+00:00"),
    ("2026-07-01 09:30:5Z", "2026-07-01T09:30:05.000000+00:00"),
    ("2026-07-01 09:30:00.12 +02", "2026-07-01T07:30:00.120000+00:00"),
    ("2026-07-01T09:30:00", "2026-07-01T09:30:00.000000+00:00"),
    ("2026-07-01T09:30:00.250000", "2026-07-01T09:30:00.250000+00:00"),
    ("2026-07-01 09:30", "2026-07-01T09:30:00.000000+00:00"),
    ("2026-07-01", "2026-07-01T00:00:00.000000+00:00"),
    ("2026-7-1 9:30", "2026-07-01T09:30:00.000000+00:00"),
    ("2026-07-01 09:30:00.125", "2026-07-01T09:30:00.125000+00:00"),
    ("2026-07-01 09:30:00,125000", "2026-07-01T09:30:00.125000+00:00"),
    ("2026-07-01 09:30:00.123456789", "2026-07-01T09:30:00.123456+00:00"),
    ("20260701T093000.123", "2026-07-01T09:30:00.123000+00:00"),
    ("2026-W27-3T09:30:00", "2026-07-01T09:30:00.000000+00:00"),
    ("0001-01-01 00:00:00", "0001-01-01T00:00:00.000000+00:00"),
    ("9999-12-31 23:59:59.999999", "9999-12-31T23:59:59.999999+00:00"),
    ("2026-07-01 09:30:00 ", "2026-07-01T09:30:00.000000+00:00"),
    ("\uff12026-07-01 09:30:00", "2026-07-01T09:30:00.000000+00:00"),
    (b"2026-07-01 09:30:00", "2026-07-01T09:30:00.000000+00:00"),
    (b"2026-07-01 09:30:00+02:00", "2026-07-01T07:30:00.000000+00:00"),
]


@on_sqlite
@pytest.mark.parametrize(("stored", "text"), READABLE)
@pytest.mark.django_db
def test_what_another_program_wrote_is_the_moment_that_the_orm_reads(stored, text):
    store(stored)
    assert exported() == text
    assert datetime.fromisoformat(text) == User.objects.get().date_joined


@on_sqlite
@pytest.mark.django_db
def test_one_odd_date_changes_no_other():
    store("2026-07-01 09:30:00+02:00")
    for username, date in [
        ("grace", datetime(2026, 7, 1, tzinfo=UTC)),
        ("alan", datetime(2026, 7, 1, 12, 30, 15, 120, tzinfo=UTC)),
    ]:
        User.objects.create(username=username, date_joined=date)
    (rows,) = read_users(["username", "date_joined", "last_login"], active_only=False)
    assert rows == [
        ("ada", "2026-07-01T07:30:00.000000+00:00", None),
        ("grace", "2026-07-01T00:00:00.000000+00:00", None),
        ("alan", "2026-07-01T12:30:15.000120+00:00", None),
    ]


@on_sqlite
@pytest.mark.parametrize(
    "stored",
    [
        "",
        "!",
        "soon",
        "2026-02-30 09:30:00",
        "2026-02-30 09:30:00.000000",
        "2026-13-01 09:30:00",
        "2026-07-01 25:30:00.000000",
        "2026-07-01 09:60:00",
        "0000-01-01 00:00:00",
        "10000-01-01 00:00:00",
        "0001-01-01 00:00:00+02:00",
        "9999-12-31 23:59:59-02:00",
        "2026-07-01 09:30:5Z.000000",
        "2026-07-01 09:30:00.12T+02",
        "2026-07-01 09:30:00 UTC",
        "01.07.2026 09:30:00",
        "2026-07-01 09:30:00\n2026-07-01 09:30:00",
        1782898200,
        2461222.5,
    ],
)
@pytest.mark.django_db
def test_what_is_no_date_is_named_and_stops_the_export(stored):
    store(stored)
    with pytest.raises(CommandError) as refusal:
        exported()
    assert str(refusal.value).startswith("date_joined: '")
    assert "is not a date and time of the years 1 to 9999. Correct it" in str(refusal.value)
    assert "\n" not in str(refusal.value)


@on_sqlite
@pytest.mark.django_db
def test_the_refusal_shows_what_is_stored():
    store("2026-02-30 09:30:00.000001")
    with pytest.raises(CommandError, match="^date_joined: '2026-02-30 09:30:00.000001' is not"):
        exported()


@on_sqlite
@pytest.mark.django_db
def test_midnight_as_24_00_is_read_as_this_python_reads_it():
    store("2026-07-01 24:00:00")
    try:
        moment = datetime.fromisoformat("2026-07-01 24:00:00+00:00")
    except ValueError:  # before Python 3.14
        with pytest.raises(CommandError, match="^date_joined: '2026-07-01 24:00:00"):
            exported()
    else:
        assert exported() == moment.isoformat(timespec="microseconds")


@pytest.fixture
def berlin(monkeypatch):
    """Have the database's entry in DATABASES say that its dates are in Berlin's time."""
    wrapper = connections["default"]
    monkeypatch.setitem(wrapper.settings_dict, "TIME_ZONE", "Europe/Berlin")
    wrapper.__dict__.pop("timezone", None)
    wrapper.__dict__.pop("timezone_name", None)
    yield
    wrapper.__dict__.pop("timezone", None)
    wrapper.__dict__.pop("timezone_name", None)


@on_sqlite
@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("2026-07-01 09:30:00", "2026-07-01T07:30:00.000000+00:00"),
        ("2026-01-01 00:30:00.000001", "2025-12-31T23:30:00.000001+00:00"),
        ("2026-07-01 09:30", "2026-07-01T07:30:00.000000+00:00"),
        ("2026-07-01 09:30:00Z", "2026-07-01T09:30:00.000000+00:00"),
    ],
)
@pytest.mark.django_db
@pytest.mark.skipif(sys.platform == "emscripten", reason="the page's Python has no time zones")
def test_dates_in_the_time_zone_of_the_database_become_utc(berlin, stored, text):
    store(stored)
    assert exported() == text
    assert datetime.fromisoformat(text) == User.objects.get().date_joined
    assert exported("last_login") is None


@on_sqlite
@pytest.mark.django_db
def test_what_django_writes_is_not_read_one_by_one(monkeypatch):
    monkeypatch.setattr(dates_module, "parse_datetime", lambda _: pytest.fail("read"))
    User.objects.create(username="ada", date_joined=datetime(2026, 7, 1, 12, 0, 0, 5, tzinfo=UTC))
    User.objects.create(username="grace", date_joined=datetime(2026, 7, 1, 12, tzinfo=UTC))
    (rows,) = read_users(["date_joined", "last_login"], active_only=False)
    assert rows == [
        ("2026-07-01T12:00:00.000005+00:00", None),
        ("2026-07-01T12:00:00.000000+00:00", None),
    ]


# The expression without `in_utc`


@on_sqlite
@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("2026-07-01 09:30:00", "2026-07-01T09:30:00.000000+00:00"),
        ("2026-02-30 09:30:00.000001", "2026-02-30T09:30:00.000001+00:00"),
        ("2026-07-01 09:30:00+02:00", f"{AS_STORED}2026-07-01 09:30:00+02:00"),
        ("soon", f"{AS_STORED}soon"),
    ],
)
@pytest.mark.django_db
def test_the_expression_alone_believes_what_has_djangos_shape(stored, text):
    store(stored)
    assert User.objects.values_list(Iso8601("date_joined")).get() == (text,)


@pytest.mark.django_db
def test_the_expression_takes_one_with_parameters():
    User.objects.create(username="ada")
    never = Value(datetime(1970, 1, 1, tzinfo=UTC), output_field=DateTimeField())
    text = User.objects.values_list(Iso8601(Coalesce("last_login", never)), flat=True).get()
    assert text == "1970-01-01T00:00:00.000000+00:00"


@pytest.mark.django_db
def test_a_missing_date_stays_missing():
    User.objects.create(username="ada")
    assert list(read_users(["last_login"], active_only=False)) == [[(None,)]]


@pytest.mark.postgres
@pytest.mark.django_db
def test_postgresql_writes_utc_whatever_the_session_says():
    User.objects.create(username="ada", date_joined=datetime(2026, 7, 1, 12, tzinfo=UTC))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'Asia/Tokyo'")
        cursor.execute("SET LOCAL DateStyle = 'German'")
    assert exported() == "2026-07-01T12:00:00.000000+00:00"


@pytest.mark.postgres
@pytest.mark.parametrize("stored", ["infinity", "-infinity", "0044-03-15 12:00 BC", "10000-01-01"])
@pytest.mark.django_db
def test_a_moment_that_python_lacks_is_named_and_stops_the_export(stored):
    store(stored)
    with pytest.raises(CommandError, match=r"^date_joined: '[^']+' is not a date and time of the"):
        exported()


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("0001-01-01 00:00:00+00", "0001-01-01T00:00:00.000000+00:00"),
        ("9999-12-31 23:59:59.999999+00", "9999-12-31T23:59:59.999999+00:00"),
    ],
)
@pytest.mark.django_db
def test_the_first_and_the_last_moment_are_exported(stored, text):
    store(stored)
    assert exported() == text
