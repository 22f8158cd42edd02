import json
import shutil
import socket
import sqlite3
import threading
from contextlib import suppress
from pathlib import Path
from unittest.mock import Mock

import pytest
from django.core.cache import caches
from django.core.management.base import CommandError
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import ConnectionHandler

from styling import checks


@pytest.fixture
def databases(db, monkeypatch):
    """Have the checks, which open their connections in threads, find other databases."""

    added = set()
    with monkeypatch.context() as patch:

        def use(**entries):
            for alias, entry in complete(entries).items():
                patch.setitem(connections.settings, alias, entry)
                added.add(alias)

        yield use
    for alias in added - {"default"}:
        # Whoever went through all connections meanwhile has made this one too.
        with suppress(AttributeError):
            del connections[alias]


def complete(entries):
    engine = "django.db.backends.sqlite3"
    entries = {alias: {"ENGINE": engine, **entry} for alias, entry in entries.items()}
    handler = ConnectionHandler({"default": {}, **entries})
    return {alias: handler.settings[alias] for alias in entries}


@pytest.fixture(scope="session")
def migrated(django_db_blocker, tmp_path_factory):
    """Return the bytes of an SQLite database in which every migration is recorded as applied."""
    path = tmp_path_factory.mktemp("migrated") / "db.sqlite3"
    other = ConnectionHandler(complete({"default": {"NAME": path}}))["default"]
    with django_db_blocker.unblock():
        MigrationRecorder(other).ensure_schema()
        with other.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, '2026-11-23')",
                list(MigrationLoader(None).graph.nodes),
            )
        other.close()
    return path.read_bytes()


@pytest.fixture
def file(databases, migrated, tmp_path):
    """Put a healthy SQLite file in the place of the test's database; return its path."""
    path = tmp_path / "db.sqlite3"
    path.write_bytes(migrated)
    databases(default={"NAME": path, "OPTIONS": {"timeout": 0}})
    return path


def result(name):
    return next(result for result in checks.run_checks() if result.name == name)


def test_reports_every_check_and_how_long_it_took(file, call):
    lines = call("check_health").splitlines()
    assert [line[:29].rstrip() for line in lines] == [
        "OK    database default",
        "OK    migrations default",
        "OK    cache default",
        "OK    disk database default",
        "OK    disk uploads",
        "OK    disk temporary files",
    ]
    assert all(line[30:].split()[1] == "ms" for line in lines)


def test_measures_the_milliseconds():
    pause = threading.Event()
    assert 20 <= checks.run_check("slow", pause.wait, 0.02).milliseconds < 2000


def test_json_is_one_document(file, call):
    report = json.loads(call("check_health", format="json"))
    assert report["healthy"] is True
    assert set(report["checks"][0]) == {"name", "ok", "milliseconds", "detail"}


@pytest.mark.parametrize("style", ["text", "json"])
def test_a_failure_is_an_error_and_all_the_others_are_reported(file, call, style):
    file.unlink()
    with pytest.raises(
        CommandError, match=r"^2 of 6 checks failed: database default, migrations default\.$"
    ):
        call("check_health", format=style)
    assert call.stdout.count("disk") == 3


def test_a_failure_is_said_in_words(file, call):
    file.unlink()
    with pytest.raises(CommandError):
        call("check_health")
    assert call.stdout.startswith("FAIL  database default ")


def test_json_says_what_failed(file, call):
    file.unlink()
    with pytest.raises(CommandError):
        call("check_health", format="json")
    report = json.loads(call.stdout)
    assert report["healthy"] is False
    assert [check["ok"] for check in report["checks"]] == [False, False, True, True, True, True]


@pytest.mark.parametrize("style", ["text", "json"])
def test_verbosity_0_leaves_the_exit_code(file, call, style):
    assert call("check_health", format=style, verbosity=0) == ""
    file.unlink()
    with pytest.raises(SystemExit, match="1"):
        call("check_health", format=style, verbosity=0)
    assert (call.stdout, call.stderr) == ("", "")


@pytest.mark.parametrize("wrong", ["yaml", "", None, ["json"]])
def test_refuses_another_format_from_code(call, wrong):
    with pytest.raises(CommandError, match="^--format must be text or json, not '"):
        call("check_health", format=wrong)


def test_a_missing_file_is_not_created(file):
    file.unlink()
    database, migrations, *_ = checks.run_checks()
    assert f"there is no file {file}. Run: python manage.py migrate" in database.detail
    assert migrations.detail == "not checked, because database default failed"
    assert not file.exists()


def test_an_empty_file_has_no_migrations(file):
    file.write_bytes(b"")
    assert result("database default").ok
    migrations = result("migrations default")
    assert not migrations.ok
    assert "not applied, the first is " in migrations.detail
    assert migrations.detail.endswith("Run: python manage.py migrate --database default")


def test_a_file_that_is_no_database_fails(file):
    file.write_bytes(b"name,price\n" * 100)
    found = result("database default")
    assert (found.ok, found.detail) == (False, "DatabaseError: file is not a database")


def test_a_locked_database_fails(file):
    other = sqlite3.connect(file)
    other.execute("BEGIN EXCLUSIVE")
    found = result("database default")
    other.close()
    assert (found.ok, found.detail) == (False, "OperationalError: database is locked")


def test_every_database_is_checked(file, databases):
    databases(archive={"NAME": file.with_name("gone")})
    found = [(found.name, found.ok) for found in checks.run_checks() if "disk" not in found.name]
    assert found == [
        ("database default", True),
        ("migrations default", True),
        ("database archive", False),
        ("migrations archive", False),
        ("cache default", True),
    ]


def test_a_missing_driver_is_one_failed_check(databases):
    databases(default={"ENGINE": "no.such.backend"})
    found = result("database default")
    assert not found.ok
    assert found.detail.startswith("ImproperlyConfigured: 'no.such.backend' isn't an available")


def test_a_check_that_never_ends_fails(threads, monkeypatch):
    monkeypatch.setattr(checks, "TIMEOUT", 0.05)
    event = threading.Event()
    found = checks.run_check("slow", event.wait)
    event.set()
    assert (found.ok, found.detail) == (False, "no answer within 0.05 s")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (checks.UnhealthyError("too full"), "too full"),
        (OSError("first\nsecond"), "OSError: first"),
        (KeyError("\x1b[2J"), r"KeyError: '\x1b[2J'"),
        (ValueError(), "ValueError"),
    ],
)
def test_an_error_becomes_one_printable_line(error, line):
    assert checks.one_line(error).replace(r"\\", "\\") == line


def test_the_traceback_leads_to_the_first_failure(file, call):
    file.write_bytes(b"name,price\n" * 100)
    with pytest.raises(CommandError) as raised:
        call("check_health")
    assert "not a database" in str(raised.value.__cause__)


@pytest.fixture
def cached(settings):
    def use(backend):
        settings.CACHES = {"default": {"BACKEND": f"django.core.cache.backends.{backend}"}}
        return checks.run_check("cache default", checks.probe_cache, "default")

    return use


def test_a_cache_that_keeps_nothing_fails(cached):
    found = cached("dummy.DummyCache")
    assert (found.ok, found.detail) == (False, "DummyCache does not give back what it is given")


def test_a_cache_that_raises_fails(cached):
    assert cached("nowhere.NoCache").detail.startswith("InvalidCacheBackendError: ")


def test_the_cache_is_left_as_it_was(cached, monkeypatch):
    deleted = []
    monkeypatch.setattr(
        "django.core.cache.backends.locmem.LocMemCache.delete",
        lambda cache, key: deleted.append((key, cache.get(key))),
    )
    assert cached("locmem.LocMemCache").ok
    caches["default"].clear()
    [(key, value)] = deleted
    assert key.startswith("check_health.")
    assert value


@pytest.mark.parametrize(("free", "ok"), [(checks.MIN_FREE - 1, False), (checks.MIN_FREE, True)])
def test_a_disk_with_little_space_fails(free, ok, monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "disk_usage", Mock(return_value=Mock(free=free)))
    found = checks.run_check("disk", checks.probe_disk, tmp_path)
    assert found.ok is ok
    if not ok:
        assert found.detail.startswith(f"100.0 MB free for {tmp_path}, less than 100 MB.")


def test_a_folder_that_is_not_there_yet_is_on_the_disk_of_its_parent(tmp_path):
    assert checks.probe_disk(tmp_path / "a" / "b").endswith(" GB free")


def test_a_disk_that_is_gone_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "exists", Mock(return_value=False))
    found = checks.run_check("disk", checks.probe_disk, tmp_path / "gone")
    assert (found.ok, found.detail[:17]) == (False, "FileNotFoundError")


def test_a_database_in_memory_has_no_disk(databases):
    databases(default={"NAME": "file:x?mode=memory"}, other={"NAME": "/data/db"})
    assert list(checks.folders()) == ["database other", "uploads", "temporary files"]


@pytest.mark.django_db(transaction=True)
def test_the_database_of_the_project_is_there():
    assert checks.probe_database("default") == connection.display_name
    assert checks.probe_migrations("default") == "all applied"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_server_that_is_down_fails(manage):
    url = "postgres://nobody@127.0.0.1:1/none"
    done = manage("check_health", env={"DATABASE_URL": url})
    assert done.returncode == 1
    assert "Connection refused" in done.stdout.splitlines()[0]
    assert "OK    cache default" in done.stdout


@pytest.mark.postgres
def test_a_server_that_never_answers_fails(databases, monkeypatch):
    monkeypatch.setattr(checks, "TIMEOUT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()
        engine = "django.db.backends.postgresql"
        databases(default={"ENGINE": engine, "NAME": "none", "HOST": host, "PORT": port})
        found = result("database default")
    assert (found.ok, found.detail) == (False, "no answer within 0.1 s")
