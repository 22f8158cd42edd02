import re

import pytest
from django.contrib.auth.models import Group, User
from django.core.management.base import CommandError
from django.db import OperationalError, connection, router, transaction

from chaining import tables
from chaining.management.commands import full_reset
from chaining.tables import describe, lock_tables, row_counts
from shared_project.shop.models import AuditLog, Product


def test_counts_leave_out_what_is_empty_or_made_again(db):
    assert row_counts(connection) == {}


def test_counts_include_the_rows_between_two_models(db):
    User.objects.create(username="ada").groups.add(Group.objects.create(name="staff"))
    assert row_counts(connection) == {"user": 1, "group": 1, "user-group relationship": 1}


def test_counts_leave_out_tables_that_are_not_there_yet(db, monkeypatch):
    AuditLog.objects.create(actor="ada", action="signed in")
    monkeypatch.setattr(connection.introspection, "table_names", lambda: ["auth_user"])
    assert row_counts(connection) == {}


def test_counts_leave_out_what_flush_leaves_alone(db, monkeypatch):
    AuditLog.objects.create(actor="ada", action="signed in")
    Product.objects.create(name="Kite", price=9, category="Toys")
    monkeypatch.setattr(AuditLog._meta, "managed", False)
    assert row_counts(connection) == {"product": 1}


def test_counts_leave_out_what_belongs_in_another_database(db, monkeypatch):
    class Router:
        def allow_migrate(self, alias, app_label, **hints):
            return app_label != "shop"

    Product.objects.create(name="Kite", price=9, category="Toys")
    User.objects.create(username="ada")
    monkeypatch.setattr(router, "routers", [Router()])
    assert row_counts(connection) == {"user": 1}


@pytest.mark.parametrize(("host", "text"), [("", "shop"), ("db.example", "shop on db.example")])
def test_a_database_is_named_with_its_server(monkeypatch, host, text):
    monkeypatch.setitem(connection.settings_dict, "NAME", "shop")
    monkeypatch.setitem(connection.settings_dict, "HOST", host)
    assert describe(connection) == text


@pytest.fixture
def web(transactional_db):
    """Another session, with a transaction open, as a web request has one."""
    session = connection.copy()
    session.set_autocommit(False)
    # A statement that would wait for this session for ever fails instead.
    run(connection, "SET statement_timeout = '5s'")
    yield session
    session.rollback()
    session.close()
    run(connection, "RESET statement_timeout")


def run(session, sql):
    with session.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else None


@pytest.mark.postgres
@pytest.mark.parametrize("options", [{"interactive": False}, {}], ids=["no input", "asked"])
def test_a_reader_that_stays_ends_in_one_line(call, web, settings, monkeypatch, options):
    settings.DEBUG = True
    monkeypatch.setattr(tables, "LOCK_SECONDS", 0)
    monkeypatch.setattr(tables.time, "sleep", lambda _: pytest.fail("tries again"))
    monkeypatch.setattr("chaining.management.commands.full_reset.can_ask", lambda: True)
    Product.objects.create(name="Kite", price=9, category="Toys")
    run(web, "SELECT * FROM shop_product")
    with pytest.raises(CommandError) as caught:
        call("full_reset", **options)
    assert str(caught.value) == (
        f'{describe(connection)}: could not obtain lock on relation "shop_product" in 0 seconds. '
        "Run the command again when the other session has ended. Nothing has changed."
    )
    assert Product.objects.count() == 1


@pytest.mark.postgres
def test_while_it_waits_for_one_table_it_holds_no_other(call, web, settings, monkeypatch):
    # Otherwise the request would wait for the reset, and the reset for the request.
    settings.DEBUG = True
    waits = []

    def request_goes_on(seconds):
        waits.append(seconds)
        run(web, "INSERT INTO shop_auditlog (actor, action, created_at) VALUES ('a', 'b', now())")
        web.commit()

    monkeypatch.setattr(tables.time, "sleep", request_goes_on)
    run(web, "SET lock_timeout = '1s'")
    run(web, "SELECT * FROM shop_product")
    stdout = call("full_reset", interactive=False)
    assert waits == [0.05]
    assert ": 1 row deleted, 50 loaded." in stdout


@pytest.mark.postgres
def test_another_error_than_a_lock_is_not_tried_again(web, monkeypatch):
    monkeypatch.setattr(tables, "LOCK_NOT_AVAILABLE", "another code")
    run(web, "SELECT * FROM shop_product")
    with pytest.raises(OperationalError, match="could not obtain lock"), transaction.atomic():
        lock_tables(connection)


@pytest.mark.postgres
def test_a_database_without_tables_needs_no_lock(db, monkeypatch):
    monkeypatch.setattr(connection.introspection, "django_table_names", lambda **_: [])
    lock_tables(connection)


@pytest.fixture
def own_lock_timeout(web):
    """Give this session a lock_timeout of its own; return a function that reads it."""
    run(connection, "SET lock_timeout = '7s'")
    yield lambda: run(connection, "SHOW lock_timeout")[0][0]
    run(connection, "RESET lock_timeout")


@pytest.mark.postgres
def test_migrate_does_not_wait_for_ever(call, web, settings, monkeypatch, own_lock_timeout):
    settings.DEBUG = True
    monkeypatch.setattr(full_reset, "LOCK_SECONDS", 0.01)
    monkeypatch.setattr(full_reset, "has_pending_migrations", lambda _: True)
    # `migrate` writes to it, whatever is pending.
    run(web, "LOCK TABLE django_content_type IN ACCESS EXCLUSIVE MODE")
    with pytest.raises(OperationalError, match="lock timeout"):
        call("full_reset", interactive=False)
    assert own_lock_timeout() == "7s"


@pytest.mark.postgres
@pytest.mark.parametrize("pending", [True, False])
def test_the_sessions_own_lock_timeout_is_given_back(
    call, web, settings, monkeypatch, own_lock_timeout, pending
):
    settings.DEBUG = True
    monkeypatch.setattr(full_reset, "has_pending_migrations", lambda _: pending)
    call("full_reset", interactive=False)
    assert own_lock_timeout() == "7s"


@pytest.mark.postgres
def test_a_session_that_is_ended_says_so(call, web, settings):
    settings.DEBUG = True
    Product.objects.create(name="Kite", price=9, category="Toys")

    def end(execute, sql, params, many, context):
        if sql.startswith("TRUNCATE"):
            sql = "SELECT pg_terminate_backend(pg_backend_pid())"
        return execute(sql, params, many, context)

    with (
        connection.execute_wrapper(end),
        pytest.raises(OperationalError, match="terminating connection"),
    ):
        call("full_reset", interactive=False)
    assert Product.objects.count() == 1


@pytest.mark.postgres
def test_a_read_only_database_says_so_in_one_line(manage, web):
    Product.objects.create(name="Kite", price=9, category="Toys")
    done = manage(
        "full_reset",
        "--no-input",
        env={"PGOPTIONS": "-c default_transaction_read_only=on"},
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"Error: Database .*: cannot execute .* read-only .*\n", done.stderr)
    assert Product.objects.count() == 1
