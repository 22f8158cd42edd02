"""What every command that writes does where the database lets it not."""

import signal
import sqlite3

import pytest
from django.db import connection, transaction
from django.test import override_settings

from shared_project.chapters import ROOT
from shared_project.toolkit.errors import database_errors, explain_database_error

WRITERS = {
    "bulk_update": ["--percentage", "10"],
    "cleanup_old_data": [],
    "full_reset": ["--no-input"],
    "import_products": [str(ROOT / "chapters" / "05" / "data" / "products.json")],
    "load_demo": ["--scale", "2"],
    "migrate_data": [],
    "process_orders": [],
    "sync_data": [],
}
# The shared code decides alike for every command: each run tries it on these.
FEW = {"bulk_update", "import_products"}
NAMES = [pytest.param(name, marks=() if name in FEW else pytest.mark.full) for name in WRITERS]
DJANGOS = {"flush": ["--no-input"], "createsuperuser": ["--no-input", "--username=a", "--email="]}

WAITING = """
import sys
from django.core.management import execute_from_command_line
from shared_project.toolkit import sqlite

sqlite.PATIENCE = 3600
sqlite._interruptions.insert(0, lambda: print("waiting", file=sys.__stderr__, flush=True))
execute_from_command_line(["manage.py", *sys.argv.pop().split()])
"""


@pytest.fixture
def shop(transactional_db, call):
    call("load_demo", verbosity=0)


@pytest.fixture
def locked(manage, shop):
    """A database on which another program holds the lock to write."""
    manage.copy_database()
    other = sqlite3.connect(manage.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield manage
    other.close()


@pytest.mark.posix
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL locks rows")
@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("import_products", signal.SIGTERM),
        ("bulk_update", signal.SIGINT),
        *(
            pytest.param(name, signal.SIGTERM, marks=pytest.mark.full)
            for name in WRITERS | DJANGOS
            if name != "import_products"
        ),
    ],
)
def test_a_signal_ends_the_wait_for_sqlites_lock(locked, name, number):
    line = " ".join([name, *(WRITERS | DJANGOS)[name]])
    process = locked.start(
        "shell", "--no-imports", "-v", "0", "-c", f"import sys; sys.argv.append({line!r}){WAITING}"
    )
    assert process.stderr.readline() == "waiting\n"
    process.send_signal(number)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "Traceback" not in stderr


@pytest.fixture
def session(shop):
    """Return a function that runs a statement in the session of the tests."""

    def execute(statement):
        with connection.cursor() as cursor:
            cursor.execute(statement)

    yield execute
    connection.close()


@pytest.fixture
def reader(session):
    """Work as a role that may read everything and write nothing."""
    session("CREATE ROLE course_reader")
    try:
        session("GRANT SELECT ON ALL TABLES IN SCHEMA public TO course_reader")
        session("SET ROLE course_reader")
        yield
    finally:
        connection.close()
        session("DROP OWNED BY course_reader")
        session("DROP ROLE course_reader")


def refusal(call, name):
    """Return the line that the process prints where the database refuses what `name` does."""
    with override_settings(DEBUG=True), pytest.raises(database_errors()) as caught:
        call(name, *WRITERS[name])
    return explain_database_error(caught.value)


@pytest.mark.postgres
@pytest.mark.parametrize("name", NAMES)
def test_a_database_that_takes_no_writes_is_one_line(session, call, name):
    session("SET SESSION default_transaction_read_only = on")
    line = refusal(call, name)
    assert "read-only transaction. It takes no writes: it is a replica" in line


@pytest.mark.postgres
@pytest.mark.parametrize("name", NAMES)
def test_a_right_that_is_missing_is_one_line(reader, call, name):
    assert "Grant the right to the database's user" in refusal(call, name)


def raise_prices(manage, setting):
    """Return what `bulk_update` prints on stderr where the server has `setting`."""
    done = manage("bulk_update", "--percentage", "10", env={"PGOPTIONS": f"-c {setting}"})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: Database {connection.settings_dict['NAME']}: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_refusal_of_the_server_is_one_line(manage):
    assert "It takes no writes" in raise_prices(manage, "default_transaction_read_only=on")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_limit_of_the_server_is_one_line(manage):
    with transaction.atomic(), connection.cursor() as cursor:
        # The command waits for it, and longer than it may.
        cursor.execute("LOCK TABLE shop_product IN EXCLUSIVE MODE")
        assert "The server limits how long" in raise_prices(manage, "statement_timeout=100")
