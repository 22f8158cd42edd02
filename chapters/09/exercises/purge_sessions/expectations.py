import re
from datetime import timedelta
from itertools import count

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone

from shared_project.shop.models import CartItem, Product, Session

OLD = {f"old-{number}" for number in range(7)}
FRESH = {f"fresh-{number}" for number in range(5)}
CARTS = 4


@pytest.fixture(autouse=True)
def sessions():
    """Seven old sessions and five fresh ones, each group with four carts."""
    store()


def store():
    product = Product.objects.get_or_create(name="Mug", price=8, category="Kitchen")[0]
    for keys, days in ((OLD, 40), (FRESH, 20)):
        used = timezone.now() - timedelta(days=days)
        stored = Session.objects.bulk_create(
            Session(key=key, last_activity=used) for key in sorted(keys)
        )
        CartItem.objects.bulk_create(
            CartItem(session=session, product=product) for session in stored[:CARTS]
        )


def left():
    return set(Session.objects.values_list("key", flat=True))


def numbers(ran):
    return re.findall(r"\b\d+\b", ran.stdout)


def printed(ran, wanted):
    """Return `wanted` where it is among the printed numbers, or else all of these."""
    return wanted if str(wanted) in numbers(ran) else numbers(ran)


def test_it_deletes_the_old_sessions_alone(run, expect):
    ran = run.ok("--days", "30")
    expect(ran, "sessions left", left(), FRESH)


def test_zero_days_delete_nothing(run, expect):
    ran = run("--days", "0")
    expect(ran, "sessions left", len(left()), len(OLD | FRESH))


def test_negative_days_delete_nothing(run, expect):
    ran = run("--days", "-5")
    expect(ran, "sessions left", len(left()), len(OLD | FRESH))


def test_less_than_one_day_is_a_usage_error(run):
    for days in ("0", "-5"):
        run.refused("--days", days, code=2)


def test_one_day_is_enough(run, expect):
    Session.objects.create(key="of-today")
    ran = run.ok("--days", "1")
    expect(ran, "sessions left", left(), {"of-today"})


def test_the_number_is_of_sessions(run, expect):
    ran = run.ok("--days", "30")
    expect(ran, "number on stdout", printed(ran, len(OLD)), len(OLD))


def test_a_dry_run_changes_nothing(run, expect):
    ran = run.ok("--days", "30", "--dry-run")
    expect(ran, "sessions left", len(left()), len(OLD | FRESH))


def test_a_dry_run_prints_the_number_of_the_run(run, expect):
    ran = run.ok("--days", "30", "--dry-run")
    expect(ran, "number on stdout", printed(ran, len(OLD)), len(OLD))


def test_a_session_used_meanwhile_survives(run, expect, meanwhile):
    for moment in count(1):
        Session.objects.all().delete()
        store()
        ran, sql, deleted = come_back(moment, run, meanwhile)
        if sql is None:
            break
        happened = f"deleted; it was used right before {sql[:40]}…" if deleted else "still there"
        expect(ran, "a session that is used while the command runs", happened, "still there")


def come_back(moment, run, meanwhile):
    """Run, and use an old session right before the statement of that number.

    Return what was run, the statement if there is one, and whether the session was deleted
    although it was used before.
    """
    statements = []
    used = 0

    def change():
        nonlocal used
        used = Session.objects.filter(key="old-0").update(last_activity=timezone.now())

    def before(sql):
        if not sql.startswith(("SELECT", "DELETE")):
            return False
        statements.append(sql)
        return True

    with meanwhile(change, moment, before):
        ran = run.ok("--days", "30")
    sql = statements[moment - 1] if len(statements) >= moment else None
    return ran, sql, used and "old-0" not in left()


def probe_with_zero_days_there_is_no_cutoff(run):
    Session.objects.create(key="tomorrow", last_activity=timezone.now() + timedelta(days=1))
    run("--days", "0")
    assert "tomorrow" not in left()


def probe_it_refuses_without_exit_code_2(run):
    for days in ("0", "-5"):
        ran = run("--days", days)
        assert ran.code != 2 or ran.crash
    assert left() == OLD | FRESH


def probe_one_day_is_exit_code_2(run):
    assert run("--days", "1").code == 2


def probe_nothing_is_left(run):
    run("--days", "30")
    assert not left()


def probe_the_carts_are_counted(run):
    assert str(len(OLD) + CARTS) in numbers(run("--days", "30"))


def probe_it_counts_none(run):
    assert "0" in numbers(run("--days", "30"))
    assert left() == FRESH


def probe_a_dry_run_counts_all(run):
    assert str(len(OLD | FRESH)) in numbers(run("--days", "30", "--dry-run"))


def watch(run, monkeypatch):
    """Return what a run does about locks, and whether it reads all keys in a transaction."""
    asked, locks, reads = [], [], []
    select_for_update, as_sql = QuerySet.select_for_update, SQLCompiler.as_sql

    def ask(queryset, *args, **kwargs):
        asked.append(queryset)
        return select_for_update(queryset, *args, **kwargs)

    def compile_(compiler, *args, **kwargs):
        if compiler.query.select_for_update:
            locks.append(connection.in_atomic_block)
        return as_sql(compiler, *args, **kwargs)

    def read(execute, sql, parameters, many, context):
        if sql.startswith("SELECT") and "COUNT(" not in sql:
            reads.append(connection.in_atomic_block)
        return execute(sql, parameters, many, context)

    with monkeypatch.context() as patch, connection.execute_wrapper(read):
        patch.setattr(QuerySet, "select_for_update", ask)
        patch.setattr(SQLCompiler, "as_sql", compile_)
        run("--days", "30")
    return {"asked": bool(asked), "locks": locks, "reads within": all(reads)}


def probe_it_reads_in_the_transaction_without_a_lock(run, monkeypatch):
    seen = watch(run, monkeypatch)
    assert seen == {"asked": False, "locks": [], "reads within": True}


def probe_no_query_has_the_lock_that_it_asks_for(run, monkeypatch):
    seen = watch(run, monkeypatch)
    assert seen["asked"]
    assert not seen["locks"]


def probe_it_locks_outside_of_a_transaction(run, monkeypatch):
    seen = watch(run, monkeypatch)
    assert seen["locks"]
    assert not any(seen["locks"])


def probe_it_locks_in_a_transaction(run, monkeypatch):
    assert any(watch(run, monkeypatch)["locks"])


def probe_it_asks_for_no_lock(run, monkeypatch):
    assert not watch(run, monkeypatch)["asked"]
