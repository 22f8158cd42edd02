import errno
import json
import logging
import re
import shutil
import socket
import sqlite3
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from unittest.mock import MagicMock, Mock

import pytest
from django.core.cache import caches
from django.core.management.base import CommandError
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import ConnectionHandler

from styling import checks, probes


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


def test_logs_every_check_whatever_it_prints(file, call, caplog):
    caplog.set_level(logging.INFO)
    file.unlink()
    with pytest.raises(SystemExit):
        call("check_health", verbosity=0)
    logged = {record.getMessage().partition(":")[0]: record.levelname for record in caplog.records}
    assert logged == {
        "database default": "ERROR",
        "migrations default": "ERROR",
        "cache default": "INFO",
        "disk database default": "INFO",
        "disk uploads": "INFO",
        "disk temporary files": "INFO",
    }


def test_the_log_goes_where_the_settings_say(manage):
    done = manage("check_health", "-v0", "--settings=chapters.04.styling.log_settings")
    log = (manage.folder / "shop.log").read_text(encoding="utf-8").splitlines()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC INFO database default: .*", log[0])


def test_without_a_place_for_a_log_nothing_ends_up_on_stderr(manage):
    manage.copy_database()
    manage.database.write_bytes(b"")
    done = manage("check_health", "-v0")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


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


def test_a_database_that_another_program_writes_is_healthy(file):
    other = sqlite3.connect(file)
    other.execute("BEGIN IMMEDIATE")
    found = result("database default")
    other.close()
    assert (found.ok, found.detail) == (True, "SQLite")


@pytest.fixture
def read_only(file, databases):
    databases(default={"NAME": f"file:{file}?mode=ro"})


def test_a_database_that_takes_no_writes_fails(read_only):
    found = result("database default")
    assert not found.ok
    assert found.detail == "OperationalError: attempt to write a readonly database"


def test_a_database_whose_folder_takes_no_journal_fails(file):
    # SQLite undoes what it has not committed with a file of this name.
    file.with_name("db.sqlite3-journal").mkdir()
    found = result("database default")
    assert not found.ok
    assert found.detail.startswith("OperationalError: ")


class WritesTo:
    """A router that sends what is written to the database `alias`, except one model."""

    def __init__(self, alias, **exceptions):
        self.alias = alias
        self.exceptions = exceptions

    def db_for_write(self, model, **hints):
        return self.exceptions.get(model._meta.model_name, self.alias)


def test_a_database_that_no_router_writes_to_is_a_replica(read_only, settings):
    settings.DATABASE_ROUTERS = [WritesTo("other")]
    assert result("database default").detail == "SQLite, not written to"
    assert result("disk database default").detail == "not written to"


def test_one_model_that_is_written_makes_no_replica(read_only, settings):
    settings.DATABASE_ROUTERS = [WritesTo("other", product="default")]
    assert not result("database default").ok


def test_without_a_router_another_database_is_a_replica():
    assert probes.written_models("default")
    assert not probes.written_models("other")


def test_a_database_of_another_kind_is_only_read(file, monkeypatch):
    monkeypatch.setattr("django.db.backends.sqlite3.base.DatabaseWrapper.vendor", "another")
    monkeypatch.setattr(probes, "try_to_write", Mock(side_effect=AssertionError))
    monkeypatch.setattr(probes, "ask_for_rights", Mock(side_effect=AssertionError))
    assert result("database default").ok


def test_a_router_that_raises_is_one_failed_check(file, settings):
    settings.DATABASE_ROUTERS = [Mock(db_for_write=Mock(side_effect=LookupError("no such shop")))]
    assert result("database default").detail == "LookupError: no such shop"
    assert result("cache default").ok


def test_the_check_leaves_the_database_as_it_is(file):
    with sqlite3.connect(file) as other:
        other.execute("PRAGMA user_version = -7")
    other.close()
    before = file.read_bytes()
    assert result("database default").ok
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_the_file_of_a_uri_is_looked_for(databases, tmp_path):
    databases(default={"NAME": f"file:{tmp_path}/my%20shop?mode=rw"})
    assert f"there is no file {tmp_path}/my shop. Run: " in result("database default").detail


@pytest.mark.parametrize("name", [None, "", 7])
def test_a_database_without_a_name_is_one_failed_check(file, databases, name):
    databases(other={"NAME": name})
    assert not result("database other").ok
    assert result("database default").ok


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
        (probes.UnhealthyError("too full"), "too full"),
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
        return checks.run_check("cache default", probes.probe_cache, "default")

    return use


@pytest.mark.usefixtures("threads")  # each of which makes its own cache from the settings
@pytest.mark.parametrize("wrong", [None, 7, {"default": None}, {"default": {}}])
def test_a_setting_that_is_wrong_is_one_failed_check(file, monkeypatch, wrong):
    monkeypatch.setattr(caches, "settings", wrong)
    found = [(found.name[:5], found.ok) for found in checks.run_checks()]
    assert [ok for name, ok in found if name == "cache"] == [False]
    assert [ok for name, ok in found if name != "cache"] == [True] * 5


def test_uploads_without_a_folder_are_one_failed_check(file, settings):
    settings.MEDIA_ROOT = None
    assert [found.name for found in checks.run_checks() if not found.ok] == ["disk uploads"]


def test_without_a_folder_for_temporary_files_the_report_is_whole(file, call, monkeypatch):
    none = Mock(side_effect=FileNotFoundError(errno.ENOENT, "No usable temporary directory"))
    monkeypatch.setattr(tempfile, "gettempdir", none)
    with pytest.raises(CommandError, match=r"^1 of 6 checks failed: disk temporary files\.$"):
        call("check_health", format="json")
    assert [check["ok"] for check in json.loads(call.stdout)["checks"]] == [True] * 5 + [False]


def test_where_no_thread_can_be_started_every_check_has_its_line(file, call, monkeypatch):
    monkeypatch.setattr(threading.Thread, "start", Mock(side_effect=RuntimeError("no thread")))
    with pytest.raises(CommandError, match="^6 of 6 checks failed"):
        call("check_health")
    assert call.stdout.count("no thread can be started") == 5


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


def folder(path):
    """Return what the check of the folder `path` finds."""
    return checks.run_check("disk", probes.probe_folder, lambda: path)


def test_the_cache_is_closed(cached, monkeypatch):
    closed = Mock()
    monkeypatch.setattr("django.core.cache.backends.locmem.LocMemCache.close", closed)
    assert cached("locmem.LocMemCache").ok
    closed.assert_called_with()  # perhaps by the thread of another test, too


def test_the_connections_of_a_check_are_closed(file):
    used = []

    def probe():
        connections["default"].ensure_connection()
        used.append(connections["default"])

    assert checks.run_check("any", probe).ok
    assert used[0].connection is None


@pytest.mark.parametrize(("free", "ok"), [(probes.MIN_FREE - 1, False), (probes.MIN_FREE, True)])
def test_a_disk_with_little_space_fails(free, ok, monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "disk_usage", Mock(return_value=Mock(free=free)))
    found = folder(tmp_path)
    assert found.ok is ok
    if not ok:
        assert found.detail.startswith(f"100.0 MB free for {tmp_path}, less than 100 MB.")


def test_a_folder_that_is_not_there_yet_is_on_the_disk_of_its_parent(tmp_path):
    assert folder(tmp_path / "a" / "b").detail.endswith(" GB free")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["file", "file/new"])
def test_a_folder_that_is_a_file_fails(tmp_path, name):
    (tmp_path / "file").touch()
    found = folder(tmp_path / name)
    assert not found.ok
    assert found.detail == f"nothing can be written in {tmp_path / 'file'}: Not a directory."


@pytest.mark.filesystem
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs Linux: nobody can write in /proc")
@pytest.mark.parametrize("name", ["/proc", "/proc/new/er"])
def test_a_folder_that_takes_no_files_fails(name, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", Mock(return_value=Mock(free=probes.MIN_FREE)))
    found = folder(Path(name))
    assert not found.ok
    assert found.detail.startswith("nothing can be written in /proc: ")


def test_a_disk_that_takes_a_name_and_no_bytes_fails(tmp_path, monkeypatch):
    file = MagicMock()
    file.__enter__.return_value.write.side_effect = OSError(errno.ENOSPC, "No space left")
    monkeypatch.setattr(tempfile, "TemporaryFile", Mock(return_value=file))
    found = folder(tmp_path)
    assert found.detail == f"nothing can be written in {tmp_path}: No space left."


def test_what_is_written_to_a_disk_is_removed_again(tmp_path):
    assert folder(tmp_path).ok
    assert not list(tmp_path.iterdir())


def test_a_disk_that_is_gone_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "exists", Mock(return_value=False))
    found = folder(tmp_path / "gone")
    assert (found.ok, found.detail[:17]) == (False, "FileNotFoundError")


@pytest.mark.parametrize("name", ["file:x?mode=memory", ":memory:", "file::memory:", None, ""])
def test_a_database_without_a_file_has_no_disk(databases, name):
    databases(default={"NAME": name}, other={"NAME": "/data/db"})
    assert list(probes.disks()) == ["database other", "uploads", "temporary files"]


@pytest.mark.parametrize("kind", [str, Path])
def test_a_database_in_a_folder_called_memory_has_a_disk(databases, kind):
    databases(default={"NAME": kind("/data/memory/db.sqlite3")})
    assert "database default" in probes.disks()


def test_where_uploads_are_held_while_they_come_is_checked(settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "file"
    settings.FILE_UPLOAD_TEMP_DIR.touch()
    assert not result("disk uploads in progress").ok


@pytest.mark.django_db(transaction=True)
def test_the_database_of_the_project_is_there():
    assert probes.probe_database("default") == connection.display_name
    assert probes.probe_migrations("default") == "all applied"


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


@pytest.fixture
def server(databases):
    """Return a function that has the check use the test's server with other options."""

    def use(**options):
        fields = ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")
        entry = {field: connection.settings_dict[field] for field in fields}
        databases(default={**entry, "OPTIONS": options})
        return result("database default")

    return use


@pytest.mark.postgres
def test_a_server_that_takes_writes_is_healthy(server):
    assert (server().ok, server().detail) == (True, "PostgreSQL")


@pytest.mark.postgres
def test_a_server_that_takes_no_writes_fails(server):
    found = server(options="-c default_transaction_read_only=on")
    assert not found.ok
    assert found.detail.startswith("takes no writes: it is a replica, or default_transaction")


@pytest.mark.postgres
def test_a_server_that_is_a_replica_need_not_take_writes(server, settings):
    settings.DATABASE_ROUTERS = [WritesTo("other")]
    found = server(options="-c default_transaction_read_only=on")
    assert (found.ok, found.detail) == (True, "PostgreSQL, not written to")


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("role", "right"), [("pg_read_all_data", "DELETE"), ("pg_write_all_data", "SELECT")]
)
def test_a_user_who_lacks_a_right_fails(server, role, right):
    found = server(assume_role=role)
    assert not found.ok
    assert f'the user lacks the right to {right} on "' in found.detail
    assert found.detail.endswith(" more. Grant it, or connect as another user.")


@pytest.mark.postgres
def test_a_table_that_is_not_there_yet_lacks_no_rights(db):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE pg_read_all_data")
        cursor.execute(probes.MISSING_RIGHTS, [['"shop_product"', '"no_such_table"']])
        missing = {right for (right,) in cursor.fetchall()}
    assert missing == {f'{right} on "shop_product"' for right in ("INSERT", "UPDATE", "DELETE")}
