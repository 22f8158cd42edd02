"""What a database refuses ends the import in one line, without a row of the file in it."""

import pytest
from django.db import Error, OperationalError, connection, transaction

from errors.staging import Staging
from shared_project.shop.models import Product
from shared_project.toolkit.errors import explain_database_error

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = b'{"name": "Secret Teapot", "price": 1, "category": "Kitchen"}'


@pytest.fixture
def other():
    """Return a second session's `execute`."""
    session = connection.copy()

    def execute(sql, *parameters):
        with session.cursor() as cursor:
            cursor.execute(sql, parameters)

    yield execute
    session.close()


@pytest.mark.postgres
@pytest.mark.parametrize("function", ["pg_cancel_backend", "pg_terminate_backend"])
def test_a_session_that_ends_during_copy_raises_an_error_of_django(other, function):
    def rows():
        yield "Kite", "1", "Toys", 1
        other(f"SELECT {function}(%s)", connection.connection.info.backend_pid)
        for row in range(2, 100_000):
            yield f"Kite {row}", "1", "Toys", row

    with pytest.raises(OperationalError), transaction.atomic():
        Staging(Product, ["name", "price", "category"]).fill(rows())
    assert Product.objects.count() == 0


@pytest.mark.postgres
def test_a_session_that_ends_during_copy_is_told_in_one_line(manage, other, file):
    content = b"[null,\n" + (SECRET + b",\n") * 100_000 + SECRET + b"]"
    process = manage.start("import_products", file(content))
    assert process.stderr.readline() == "row 1: must be an object, not null.\n"
    other(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND query LIKE %s AND pid <> pg_backend_pid()",
        "COPY%",
    )
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (1, "")
    assert stderr.startswith("Error: Database ")
    assert (stderr.count("\n"), "Secret" in stderr) == (1, False)


@pytest.mark.postgres
def test_a_database_that_takes_no_writes_is_told_in_one_line(manage, file):
    env = {"PGOPTIONS": "-c default_transaction_read_only=on"}
    done = manage("import_products", file(b"[" + SECRET + b"]"), env=env)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "read-only transaction. It takes no writes" in done.stderr


@pytest.mark.postgres
def test_a_time_limit_is_told_in_one_line(manage, file):
    content = b"[" + (SECRET + b",\n") * 60_000 + SECRET + b"]"
    # So much takes longer to send than the limit allows, on any machine.
    done = manage("import_products", file(content), env={"PGOPTIONS": "-c statement_timeout=20"})
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "statement timeout. The server limits how long this may take." in done.stderr


@pytest.mark.postgres
def test_a_user_without_the_right_to_temporary_tables_is_told_so(call, file):
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("CREATE ROLE import_test_guest")
            cursor.execute(
                f"REVOKE TEMP ON DATABASE {connection.settings_dict['NAME']} FROM PUBLIC"
            )
            cursor.execute("SET LOCAL ROLE import_test_guest")
        with pytest.raises(Error) as error:
            call("import_products", file(b"[" + SECRET + b"]"))
        transaction.set_rollback(True)
    assert "permission denied to create temporary tables" in explain_database_error(error.value)
