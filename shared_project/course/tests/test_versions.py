import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from django.core.management.base import CommandError

from shared_project.chapters import ROOT
from shared_project.course import versions
from shared_project.course.recorder import Recorder, database_of, minor
from shared_project.course.versions import difference, recorded, version_table

FLOOR = {
    "system": "Linux",
    "python": "3.11",
    "django": "5.2",
    "database": "SQLite",
    "chapters": ["01", "02"],
}
SERVER = FLOOR | {"database": "PostgreSQL 15", "chapters": ["03"]}
NEWEST = FLOOR | {"python": "3.9", "django": "6.1"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Record FLOOR and SERVER, in a folder and beside a file of this test's own."""
    runs = tmp_path / "runs"
    runs.mkdir()
    for name, run in {"a": SERVER, "b": FLOOR}.items():
        (runs / f"{name}.json").write_text(versions.as_json([run]))
    monkeypatch.setattr(versions, "RUNS", runs)
    monkeypatch.setattr(versions, "RECORD", tmp_path / "versions.json")
    return runs


def report(chapter, outcome="passed", when="call", database="SQLite"):
    return SimpleNamespace(
        nodeid=f"chapters/{chapter}/tests/test_x.py::test_y",
        passed=outcome == "passed",
        failed=outcome == "failed",
        when=when,
        user_properties=[("database", database)] if database else [],
    )


def record(tmp_path, *reports, config=None):
    recorder = Recorder(tmp_path / "runs" / "run.json")
    for each in reports:
        recorder.pytest_runtest_logreport(each)
    recorder.pytest_sessionfinish(SimpleNamespace(config=config or SimpleNamespace()))
    if recorder.file.exists():
        return json.loads(recorder.file.read_text())[0]
    return None


def test_a_chapter_counts_where_a_test_passed_and_none_failed(tmp_path):
    run = record(
        tmp_path,
        report("01"),
        report("02", "failed"),
        report("02"),
        report("03", "skipped"),
        report("04", when="setup"),
        report("05"),
        report("05", "failed", when="teardown"),
    )
    assert run["chapters"] == ["01"]


def test_tests_outside_the_chapters_do_not_count(tmp_path):
    other = report("01")
    other.nodeid = "shared_project/tests/test_x.py::test_y"
    assert record(tmp_path, other)["chapters"] == []


def test_a_test_without_a_database_does_not_hide_it(tmp_path):
    reports = [report("01", database="PostgreSQL 15"), report("01", database=None)]
    assert record(tmp_path, *reports)["database"] == "PostgreSQL 15"


def test_a_worker_of_xdist_writes_no_file(tmp_path):
    assert record(tmp_path, report("01"), config=SimpleNamespace(workerinput={})) is None


def test_versions_are_minor_versions():
    assert minor("3.14.0rc1") == "3.14"


def test_a_server_is_named_with_its_major_version():
    server = SimpleNamespace(vendor="postgresql", display_name="PostgreSQL", pg_version=150020)
    assert database_of(server) == "PostgreSQL 15"


@pytest.mark.parametrize("workers", ["0", "1"], ids=["alone", "xdist"])
def test_pytest_records_what_it_ran(tmp_path, workers):
    file = tmp_path / "run.json"
    options = ["-q", "-n", workers, "-p", "no:cacheprovider", "--record-run", file]
    test = "chapters/03/tests/test_columns.py::test_no_user_is_no_batch"
    env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, test],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    [run] = json.loads(file.read_text())
    assert (run["python"], run["database"]) == (minor(sys.version), "SQLite")
    assert run["chapters"] == ["03"]


def test_runs_come_in_the_order_of_their_versions(folder):
    (folder / "c.json").write_text(versions.as_json([NEWEST]))
    assert recorded() == [NEWEST, FLOOR, SERVER]


def test_what_ran_as_the_record_says_is_no_difference(folder):
    versions.RECORD.write_text(versions.as_json([FLOOR, SERVER]))
    assert difference(recorded()) == ""


def test_a_difference_shows_what_ran(folder):
    versions.RECORD.write_text(versions.as_json([FLOOR, SERVER | {"chapters": ["04"]}]))
    lines = difference(recorded()).splitlines()
    assert [line for line in lines if line[0] in "+-"][2:] == ['-      "04"', '+      "03"']


def test_the_check_fails_and_names_the_command_that_writes_the_record(folder, call):
    with pytest.raises(CommandError, match=r"(?s)\+.*Run `python manage.py check_versions --w"):
        call("check_versions")
    call("check_versions", "--write")
    assert json.loads(versions.RECORD.read_text()) == [FLOOR, SERVER]
    assert call("check_versions") == "docs/reference/versions.json holds the 2 runs.\n"
    assert call("check_versions", verbosity=0) == ""


def test_a_check_without_runs_fails(folder, call):
    for file in folder.iterdir():
        file.unlink()
    with pytest.raises(CommandError, match="^No run is recorded"):
        call("check_versions")


def test_the_table_has_a_row_for_each_chapter_and_says_what_was_not_run(folder):
    versions.RECORD.write_text(versions.as_json([FLOOR, SERVER]))
    lines = version_table()
    assert "Python 3.11<br>Django 5.2<br>PostgreSQL 15<br>Linux</th>" in lines[2]
    rows = [line for line in lines if line.startswith("<tr>")]
    assert rows[0] == (
        '<tr><th scope="row"><a href="../chapters/01-hello.html">1. Hello</a></th>'
        "<td>passed</td><td>not run</td></tr>"
    )
    assert rows[2].endswith("<td>not run</td><td>passed</td></tr>")
    assert rows[8].endswith("<td>not run</td><td>not run</td></tr>")


def test_a_record_that_is_not_there_differs_in_every_line(folder):
    assert len(difference([FLOOR]).splitlines()) > 10
