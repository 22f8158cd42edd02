from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from shared_project.shop.models import AuditLog

ARGS = ["logs.json", "--days", "100"]
OLD, YOUNG = ["login-1", "login-2"], ["login-3"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Work in an empty folder, so that the file is called logs.json and no more."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def logs():
    for action, days in (("login-1", 500), ("login-2", 200), ("login-3", 50)):
        add(action, days)


def add(action, days):
    created_at = timezone.now() - timedelta(days=days)
    AuditLog.objects.create(actor="ada", action=action, created_at=created_at)


def left():
    return [*AuditLog.objects.order_by("pk").values_list("action", flat=True)]


def archived():
    file = Path("logs.json")
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    return [action for action in (*OLD, *YOUNG, "login-4") if action in text]


def test_the_old_logs_leave_the_shop(run, expect, logs):
    ran = run.ok(*ARGS)
    expect(ran, "logs left in the shop", left(), YOUNG)


def test_the_archive_holds_what_was_deleted(run, expect, logs):
    ran = run.ok(*ARGS)
    expect(ran, "logs in the archive", archived(), OLD)


def test_the_archive_can_be_loaded_back(run, expect, logs):
    ran = run.ok(*ARGS)
    try:
        call_command("loaddata", Path("logs.json").resolve(), verbosity=0)
    except Exception as error:  # whatever is wrong with the file
        expect(
            ran, "what loaddata says of the file", f"{type(error).__name__}: {error}", "nothing"
        )
    expect(ran, "logs in the shop after loaddata", left(), [*OLD, *YOUNG])


def test_an_archive_that_exists_is_kept(run, expect, logs):
    Path("logs.json").write_text("last month's", encoding="utf-8")
    ran = run(*ARGS)
    text = Path("logs.json").read_text(encoding="utf-8")
    expect(ran, "the file that was there", "kept" if text == "last month's" else "gone", "kept")


def test_an_archive_that_exists_is_exit_code_1(run, logs):
    Path("logs.json").write_text("last month's", encoding="utf-8")
    run.refused(*ARGS)


def test_a_failing_dump_deletes_nothing(run, expect, logs):
    # There is no such day, so whoever reads it fails.
    with connection.cursor() as cursor:
        cursor.execute("UPDATE shop_auditlog SET created_at = '2001-02-30 00:00:00' WHERE id = 1")
    ran = run(*ARGS)
    expect(ran, "logs left when the dump fails", left(), [*OLD, *YOUNG])


def test_a_log_that_arrives_meanwhile_is_not_lost(run, expect, logs, meanwhile):
    with meanwhile(lambda: add("login-4", 300)):
        ran = run.ok(*ARGS)
    kept = "login-4" in left() or "login-4" in archived()
    label = "an old log that arrives right before the deletion"
    expect(ran, label, "kept" if kept else "deleted, and in no file", "kept")


def test_nothing_old_makes_no_archive(run, expect):
    add("login-3", 50)
    ran = run.ok(*ARGS)
    expect(ran, "files", [file.name for file in Path().iterdir()], [])


def probe_the_arguments_are_part_of_the_name(run, logs):
    ran = run(*ARGS)
    assert ran.code == 1
    assert "dumpdata " in ran.stderr
    assert left() == [*OLD, *YOUNG]


def probe_the_archive_holds_the_young_ones_too(run, logs):
    run(*ARGS)
    assert archived() == [*OLD, *YOUNG]


def probe_the_old_ones_are_nowhere(run, logs):
    run(*ARGS)
    assert left() == YOUNG
    assert not {*archived()} & {*OLD}


def probe_the_archive_holds_the_young_one(run):
    add("login-3", 50)
    run(*ARGS)
    assert archived() == YOUNG
