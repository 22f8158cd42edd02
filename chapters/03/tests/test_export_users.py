import json
import os
import signal
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from django.contrib.auth.models import User
from django.core.management.base import CommandError
from django.db import DatabaseError

pytestmark = pytest.mark.django_db


@pytest.fixture
def target(tmp_path):
    return tmp_path / "out" / "users.csv"


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(target, monkeypatch):
    target.parent.mkdir()
    monkeypatch.chdir(target.parent)


@pytest.fixture
def users():
    User.objects.create(username="ada", email="ada@example.com")
    User.objects.create(username="zoë", email="zoe@example.com", is_active=False)


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


def test_writes_names_and_addresses_as_csv_to_a_file_in_the_current_folder(call, users, target):
    assert call("export_users") == "Exported 2 users to users.csv.\n"
    assert call.stderr == ""
    assert target.read_bytes() == (
        "username,email\nada,ada@example.com\nzoë,zoe@example.com\n".encode()
    )
    assert listing(target.parent) == ["users.csv"]


def test_writes_json(call, users, target):
    assert call("export_users", "--format", "json") == "Exported 2 users to users.json.\n"
    text = target.with_suffix(".json").read_text("utf-8")
    assert [user["username"] for user in json.loads(text)] == ["ada", "zoë"]


def test_writes_xml(call, users, target):
    assert call("export_users", "--format", "xml") == "Exported 2 users to users.xml.\n"
    tree = ET.parse(target.with_suffix(".xml"))
    assert [name.text for name in tree.iter("username")] == ["ada", "zoë"]


def test_active_only_leaves_the_others_out_of_the_file_and_of_the_count(call, users, target):
    assert call("export_users", "--active-only") == "Exported 1 user to users.csv.\n"
    assert "zoë" not in target.read_text("utf-8")


def test_fields_choose_the_columns_and_their_order(call, users, target):
    call("export_users", "--fields", "is_staff", "username")
    assert target.read_text("utf-8").splitlines()[:2] == ["is_staff,username", "False,ada"]


def test_output_names_the_file(call, users, tmp_path):
    file = tmp_path / "a\nb.csv"
    assert call("export_users", "-o", str(file)).endswith("/a\\nb.csv.\n")
    assert file.exists()


def test_a_dash_writes_the_data_to_stdout_and_the_summary_to_stderr(call, users, target):
    assert call("export_users", "-o", "-", "--fields", "username") == "username\nada\nzoë\n"
    assert call.stderr == "Exported 2 users to stdout.\n"
    assert listing(target.parent) == []


def test_verbosity_0_writes_the_file_and_says_nothing(call, target):
    User.objects.create(username="-2+3")
    assert call("export_users", verbosity=0) == ""
    assert call.stderr == ""
    assert target.exists()


def test_the_summary_says_how_many_cells_were_neutralized(call, target):
    User.objects.create(username="-2+3", email="=1@example.com")
    call("export_users")
    assert call.stdout.splitlines()[1].endswith(
        "got an apostrophe: 2 (--raw leaves them as they are)."
    )
    assert target.read_text() == "username,email\n'-2+3,'=1@example.com\n"


def test_raw_leaves_formulas_alone(call, target):
    User.objects.create(username="-2+3")
    assert call("export_users", "--raw") == "Exported 1 user to users.csv.\n"
    assert target.read_text() == "username,email\n-2+3,\n"


def test_xml_is_well_formed_whatever_the_data_holds(call, target):
    User.objects.create(username="]]>\x08\x1b<b>&amp;")
    call("export_users", "--format", "xml")
    assert "became \ufffd: 2." in call.stdout
    tree = ET.parse(target.with_suffix(".xml"))
    assert tree.findtext("user/username") == "]]>\ufffd\ufffd<b>&amp;"


def test_a_failure_in_the_middle_leaves_the_old_file_and_nothing_else(call, target, monkeypatch):
    def fail_after_a_row(*args, **options):
        yield [("ada", "ada@example.com")]
        raise DatabaseError("the server went away")

    monkeypatch.setattr("export.management.commands.export_users.read_users", fail_after_a_row)
    target.write_text("old")
    with pytest.raises(DatabaseError):
        call("export_users")
    assert (call.stdout, target.read_text()) == ("", "old")
    assert listing(target.parent) == ["users.csv"]


@pytest.mark.parametrize("output", ["", "  "])
def test_an_empty_file_name_is_refused_on_the_command_line(call, output):
    with pytest.raises(
        CommandError, match="argument -o/--output: must be a text that is not empty"
    ):
        call("export_users", "-o", output)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": "yaml"}, r"^--format: must be one of csv, json, xml, not 'yaml'\.$"),
        ({"format": ["csv"]}, r"^--format: must be one of csv, json, xml, not "),
        ({"output": ""}, "^--output: must be a text that is not empty"),
        ({"output": 3}, "^--output: must be a text that is not empty"),
        ({"fields": ["password"]}, "^--fields: cannot export 'password'"),
        ({"active_only": "false"}, "^--active-only: must be True or False, not 'false'"),
        ({"raw": "no"}, "^--raw: must be True or False, not 'no'"),
    ],
)
def test_handle_checks_what_skipped_argparse(call, target, options, message):
    with pytest.raises(CommandError, match=message):
        call("export_users", **options)
    assert listing(target.parent) == []


@pytest.mark.posix
@pytest.mark.django_db(transaction=True)
def test_stdout_gets_utf_8_in_any_locale_and_nothing_but_the_data(manage, users):
    done = manage("export_users", "-o", "-", env={"PYTHONIOENCODING": "ascii"})
    assert done.stdout == "username,email\nada,ada@example.com\nzoë,zoe@example.com\n"
    assert (done.returncode, done.stderr) == (0, "Exported 2 users to stdout.\n")


@pytest.mark.full
@pytest.mark.posix
def test_a_full_device_is_an_error(manage):
    with Path("/dev/full").open("w") as full:
        done = manage("export_users", "-o", "-", stdout=full)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.endswith("No space left on device.\n")


@pytest.mark.full
@pytest.mark.posix
def test_a_closed_stdout_is_an_error(manage):
    done = manage("export_users", "-o", "-", preexec_fn=lambda: os.close(1))
    assert (done.returncode, done.stderr) == (
        1,
        "CommandError: stdout: closed. Name a file instead of -, or leave stdout open.\n",
    )


@pytest.mark.full
@pytest.mark.posix
def test_a_file_is_written_where_stdout_is_closed(manage, users):
    assert manage("export_users", preexec_fn=lambda: os.close(1)).returncode == 0
    assert (manage.folder / "users.csv").exists()


@pytest.mark.full
@pytest.mark.posix
def test_a_stdout_that_is_open_for_reading_only_is_an_error(manage):
    with Path(os.devnull).open() as read_only:
        done = manage("export_users", "-o", "-", stdout=read_only)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.endswith("Bad file descriptor.\n")


AT_THE_RENAME = """
import os
from pathlib import Path

replace = Path.replace


def stop_and_replace(self, target):
    os.kill(os.getpid(), {number})
    return replace(self, target)


Path.replace = stop_and_replace
"""


@pytest.mark.posix
@pytest.mark.django_db(transaction=True)
def test_a_signal_at_the_rename_waits_for_it(manage, users):
    # Python runs a module of this name when it starts.
    module = manage.folder / "sitecustomize.py"
    module.write_text(AT_THE_RENAME.format(number=int(signal.SIGTERM)))
    done = manage("export_users", env={"PYTHONPATH": str(manage.folder)})
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == (
        "Stopped by SIGTERM, but the work was done before: Exported 2 users to users.csv.\n"
    )
    assert (manage.folder / "users.csv").exists()


@pytest.mark.posix
@pytest.mark.django_db(transaction=True)
def test_a_reader_that_leaves_in_the_middle_ends_it_quietly(manage):
    # More than one batch: the query goes on when the connection is closed.
    User.objects.bulk_create(User(username=f"ada{number}") for number in range(2001))
    process = manage.start("export_users", "-o", "-")
    process.stdout.close()
    assert (process.wait(60), process.stderr.read()) == (141, "")


@pytest.mark.full
@pytest.mark.posix
def test_the_database_itself_is_not_replaced(manage):
    done = manage("export_users", "-o", manage.database)
    assert done.returncode == 1
    assert done.stderr.endswith("part of an SQLite database. Name another file.\n")
    assert manage.rows("SELECT COUNT(*) FROM auth_user") == [(0,)]


@pytest.mark.posix
@pytest.mark.filesystem
def test_a_deleted_folder_is_one_line_for_the_default_name_too(call, target):
    target.parent.rmdir()
    with pytest.raises(CommandError, match=r"^users\.csv: the current folder has been deleted\."):
        call("export_users")
