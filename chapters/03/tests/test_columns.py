from uuid import UUID

import pytest
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import User
from django.core.management.base import CommandError
from django.db import connection, models
from django.test.utils import isolate_apps

from export.columns import (
    BATCH_SIZE,
    FIELDS,
    check_fields,
    default_fields,
    is_text,
    offered_fields,
    read_users,
)
from export.writers import WRITERS


def add(count):
    User.objects.bulk_create(User(username=f"user{number}") for number in range(count))


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


# Another user model


@pytest.fixture
def use_model(monkeypatch):
    """Return a function that makes a model of some fields the project's user model.

    It reads the table of Django's users, so that no other table is needed.
    """

    def use(bases=(AbstractBaseUser,), **attributes):
        class Meta:
            app_label = "export"
            db_table = "auth_user"

        attributes = {"last_login": None, "password": None, "Meta": Meta, **attributes}
        with isolate_apps("export"):
            model = type("Person", bases, {"__module__": __name__, **attributes})
        monkeypatch.setattr("export.columns.get_user_model", lambda: model)
        return model

    return use


@pytest.fixture
def phone_model(use_model):
    return use_model(
        phone=models.CharField(max_length=150, unique=True, db_column="username"),
        people=models.Manager(),
        USERNAME_FIELD="phone",
    )


def test_a_model_without_a_name_offers_what_it_has(phone_model):
    assert offered_fields() == ["id", "phone"]
    assert default_fields() == ["phone"]


def test_a_field_that_the_model_lacks_is_refused(phone_model):
    with pytest.raises(CommandError, match=r"cannot export 'email'\. Choose from: id, phone\."):
        check_fields(["email"])


def test_an_address_as_the_name_is_one_column(use_model):
    use_model(email=models.EmailField(unique=True), USERNAME_FIELD="email")
    assert default_fields() == ["email"]


def test_the_field_of_the_address_may_have_another_name(use_model):
    use_model(
        nick=models.CharField(max_length=150, unique=True, db_column="username"),
        mail=models.EmailField(db_column="email"),
        is_active=models.BooleanField(),
        USERNAME_FIELD="nick",
        EMAIL_FIELD="mail",
    )
    assert default_fields() == ["nick", "mail"]
    assert offered_fields() == ["id", "is_active", "nick", "mail"]


@pytest.mark.django_db
def test_a_model_without_a_name_is_exported(call, phone_model, tmp_path):
    User.objects.create(username="+49 30 901820")
    assert call("export_users", "-o", "-") == "phone\n'+49 30 901820\n"
    assert call("export_users", "-o", "-", "--raw") == "phone\n+49 30 901820\n"


@pytest.mark.django_db
@pytest.mark.parametrize("options", [{"active_only": True}, {"fields": ["is_active"]}])
def test_a_choice_by_a_field_that_the_model_lacks_has_exit_code_2(call, phone_model, options):
    with pytest.raises(CommandError, match="^--(active-only|fields): .*is_active") as refusal:
        call("export_users", output="-", **options)
    assert refusal.value.returncode == 2


@pytest.mark.django_db
def test_a_missing_address_is_an_empty_cell(call, use_model):
    use_model(
        username=models.CharField(max_length=150, unique=True),
        email=models.EmailField(null=True, db_column="last_login"),
        USERNAME_FIELD="username",
    )
    User.objects.create(username="=1")
    assert call("export_users", "-o", "-") == "username,email\n'=1,\n"
    assert call("export_users", "-o", "-", "--format", "json") == (
        '[\n{"username": "=1", "email": null}\n]\n'
    )


class Reversed(models.CharField):
    def from_db_value(self, value, expression, connection):
        return [*reversed(value)]


@pytest.mark.django_db
@pytest.mark.parametrize("file_format", WRITERS)
def test_a_cell_of_any_type_is_written(call, use_model, file_format):
    key = UUID("12345678-1234-5678-1234-567812345678")
    use_model(
        id=models.UUIDField(primary_key=True, db_column="username"),
        last_name=Reversed(max_length=150),
        first_name=models.DateField(null=True, db_column="last_login"),
        USERNAME_FIELD="id",
    )
    User.objects.create(username=key.hex, last_name="ba")
    call("export_users", "-o", "-", format=file_format, fields=["id", "last_name", "first_name"])
    # PostgreSQL's column is a text here, so its cells come without hyphens.
    assert key.hex in call.stdout.replace("-", "")
    assert "['a', 'b']" in call.stdout


@pytest.mark.parametrize(
    ("name", "text"), [("username", True), ("email", True), ("id", False), ("is_staff", False)]
)
def test_only_texts_can_be_formulas(name, text):
    assert is_text(name) is text
