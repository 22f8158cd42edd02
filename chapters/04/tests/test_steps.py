"""Each step does what the page says, and fails as the page says."""

import json
import logging
import shutil
from unittest.mock import Mock

import pytest
from django.core.management.base import CommandError
from django.db import OperationalError, connection

pytestmark = pytest.mark.django_db

GREEN = "\x1b[32m"


@pytest.fixture(autouse=True)
def disk(monkeypatch):
    """Give the disk 50 GB of room."""
    disk = Mock(return_value=Mock(free=50 * 1024**3))
    monkeypatch.setattr(shutil, "disk_usage", disk)
    return disk.return_value


@pytest.fixture
def no_database(db):
    """Have the database refuse every statement."""

    def refuse(*args):
        raise OperationalError("unable to open database file")

    with connection.execute_wrapper(refuse):
        yield


@pytest.mark.parametrize("number", [1, 2, 3])
def test_every_step_has_a_line_for_each_check(call, step, number):
    lines = call(step(number)).replace(GREEN, "").replace("\x1b[0m", "").splitlines()
    assert [line for line in lines if line.startswith("OK")] == [
        "OK    database: 0 products",
        "OK    disk: 50.0 GB free",
    ]


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.usefixtures("no_database")
def test_steps_1_and_2_say_what_fails_and_end_as_if_nothing_had(call, step, number):
    stdout = call(step(number))
    assert "FAIL" in stdout
    assert "database: unable to open database file\n" in stdout
    assert "disk: 50.0 GB free\n" in stdout


@pytest.mark.usefixtures("no_database")
def test_step_3_ends_with_an_error_after_it_has_tried_every_check(call, step):
    with pytest.raises(CommandError, match=r"^1 of 2 checks failed\.$"):
        call(step(3))
    assert call.stdout == (
        "FAIL  database: unable to open database file\nOK    disk: 50.0 GB free\n"
    )


@pytest.mark.parametrize("number", [2, 3])
def test_a_disk_that_is_nearly_full_fails(call, step, disk, number):
    disk.free = 1024**3 - 1
    try:
        call(step(number))
    except CommandError:
        assert number == 3
    assert "FAIL  disk: 1.0 GB free\n" in call.stdout


def test_step_1_writes_progress_and_escapes_among_its_results(call, step):
    assert call(step(1)).splitlines()[:2] == [
        "Checking the database...",
        f"{GREEN}OK\x1b[0m    database: 0 products",
    ]


@pytest.mark.parametrize("number", [2, 3])
def test_later_steps_keep_progress_and_escapes_out_of_their_results(call, step, number):
    call(step(number), verbosity=2)
    assert call.stderr == "Checking the database...\nChecking the disk...\n"
    assert call.stdout == "OK    database: 0 products\nOK    disk: 50.0 GB free\n"


@pytest.mark.usefixtures("no_database")
def test_step_1_knows_no_verbosity(call, step):
    assert call(step(1), verbosity=0).endswith("Done.\n")


@pytest.mark.usefixtures("no_database")
def test_verbosity_0_of_step_2_prints_errors_alone(call, step):
    assert call(step(2), verbosity=0) == ""
    assert call.stderr == "1 of 2 checks failed.\n"


@pytest.mark.parametrize("style", ["text", "json"])
@pytest.mark.usefixtures("no_database")
def test_verbosity_0_of_step_3_prints_no_result(call, step, style):
    with pytest.raises(CommandError):
        call(step(3), format=style, verbosity=0)
    assert (call.stdout, call.stderr) == ("", "")


@pytest.mark.posix
def test_later_steps_have_color_on_a_terminal(manage):
    assert "\x1b[32;1mOK  \x1b[0m  database: 0 products" in manage.terminal("step", "04/2").stdout


def test_json_of_step_3_is_one_document(call, step):
    assert json.loads(call(step(3), format="json", verbosity=2)) == {
        "healthy": True,
        "checks": [
            {"name": "database", "ok": True, "detail": "0 products"},
            {"name": "disk", "ok": True, "detail": "50.0 GB free"},
        ],
    }


@pytest.mark.usefixtures("no_database")
def test_json_of_step_3_is_whole_when_a_check_fails(call, step):
    with pytest.raises(CommandError):
        call(step(3), format="json")
    report = json.loads(call.stdout)
    assert report["healthy"] is False
    assert [check["ok"] for check in report["checks"]] == [False, True]


@pytest.mark.usefixtures("no_database")
def test_step_3_logs_every_check(call, step, caplog):
    caplog.set_level(logging.INFO)
    with pytest.raises(CommandError):
        call(step(3), verbosity=0)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", "database: unable to open database file"),
        ("INFO", "disk: 50.0 GB free"),
    ]
