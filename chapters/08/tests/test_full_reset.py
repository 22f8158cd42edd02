import io
import json
import os
import re
import signal
import sqlite3
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import (
    InternalError,
    OperationalError,
    ProgrammingError,
    connection,
    connections,
    transaction,
)
from django.db.models.signals import post_migrate, pre_save

from chaining.management.commands import full_reset
from chaining.tables import describe
from shared_project.shop.models import AuditLog, Order, Product

KITE = {"model": "shop.product", "pk": 1, "fields": {"name": "Kite", "price": 9, "category": "A"}}
# Its customer is in no row: only the database notices.
STRAY = {"model": "shop.order", "pk": 1, "fields": {"number": "1", "total": 1, "customer": 99}}

WHILE_IT_LOADS = """
import os

from django.db.models.signals import pre_save


def stop(sender, **kwargs):
    if sender._meta.label == "shop.Order":
        os.kill(os.getpid(), {number})


pre_save.connect(stop)
"""

AT_THE_COMMIT = """
import os

from django.db.backends.base.base import BaseDatabaseWrapper

commit = BaseDatabaseWrapper.commit


def stop_and_commit(self):
    os.kill(os.getpid(), {number})
    commit(self)


BaseDatabaseWrapper.commit = stop_and_commit
"""

WHILE_IT_WAITS = """
import os
import time

time.sleep = lambda seconds: os.kill(os.getpid(), {number})
"""

# A receiver that says something on stderr in the middle of the transaction.
WARN = """
import sys

from django.db.models.signals import post_migrate


def warn(**kwargs):
    sys.stderr.write("Careful!\\n")


post_migrate.connect(warn, weak=False)
"""


class Screen(io.StringIO):
    def isatty(self):
        return True


class GoneReader(io.StringIO):
    def write(self, text):
        raise BrokenPipeError


@pytest.fixture
def shop(db, settings):
    """A database of four rows."""
    settings.DEBUG = True
    User.objects.create(username="root", is_superuser=True)
    Product.objects.create(pk=700, name="Old Kite", price=5, category="Toys")
    AuditLog.objects.create(actor="root", action="signed in")
    AuditLog.objects.create(actor="root", action="signed out")


def has_old_rows():
    usernames = list(User.objects.values_list("username", flat=True))
    return usernames == ["root"] and AuditLog.objects.count() == 2


def has_new_rows():
    return not User.objects.exists() and Product.objects.get().name == "Kite"


@pytest.fixture
def fixture_of(monkeypatch, tmp_path):
    """Return a function that puts other rows in the place of the fixture's."""

    def write(*rows):
        path = tmp_path / "rows.json"
        path.write_text(json.dumps(rows), encoding="utf-8")
        monkeypatch.setattr(full_reset, "FIXTURE", path)

    return write


@pytest.fixture
def kite(fixture_of):
    fixture_of(KITE)


@pytest.fixture
def typed(monkeypatch):
    """Return a function that types a text at a terminal."""
    return lambda text: monkeypatch.setattr("sys.stdin", Screen(text))


@pytest.fixture
def other(shop, tmp_path, monkeypatch):
    """A second database, on SQLite and still without tables."""
    entry = {
        **connections.settings["default"],
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": tmp_path / "other.sqlite3",
        "HOST": "",
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 0.05},
    }
    with monkeypatch.context() as patch:
        patch.setitem(connections.settings, "other", entry)
        database = connections["other"]
        with patch.context() as without:
            # A test may open connections that are not in the settings.
            without.delitem(connections.settings, "other")
            database.ensure_connection()
        yield database
        database.close()
    # After the settings are as before: whoever goes through them makes it again.
    with suppress(AttributeError):
        del connections["other"]


@contextmanager
def received(function, signal=pre_save, sender=Order):
    signal.connect(function, sender=sender)
    try:
        yield
    finally:
        signal.disconnect(function, sender=sender)


def test_the_fixtures_rows_take_the_place_of_all_others(call, shop, kite):
    call("full_reset", interactive=False)
    assert has_new_rows()


def test_the_fixture_holds_a_small_shop(call, shop):
    call("full_reset", interactive=False)
    counts = {"users": 4, "products": 8, "customers": 5, "orders": 12, "audit logs": 10}
    others = {"sessions": 6, "cart items": 5}
    assert full_reset.lock_and_count(connection) == counts | others
    assert not any(user.has_usable_password() for user in User.objects.all())


def test_the_next_row_gets_a_key_of_its_own(call, shop, kite):
    call("full_reset", interactive=False)
    assert Product.objects.create(name="New", price=1, category="Toys").pk == 2


def test_permissions_are_made_again(call, shop, kite):
    before = set(Permission.objects.values_list("codename", flat=True))
    call("full_reset", interactive=False)
    assert set(Permission.objects.values_list("codename", flat=True)) == before


def test_says_how_many_rows_went_and_came(call, shop, kite):
    last = call("full_reset", interactive=False).splitlines()[-1]
    assert last == f"Reset {describe(connection)}: 4 rows deleted, 1 loaded."


def test_verbosity_0_prints_nothing(call, shop, kite):
    assert call("full_reset", interactive=False, verbosity=0) == ""
    assert call.stderr == ""


@pytest.mark.parametrize("option", ["--no-input", "--noinput"])
def test_both_spellings_skip_the_question(option):
    parser = full_reset.Command().create_parser("manage.py", "full_reset")
    assert parser.parse_args([option]).interactive is False


def test_no_changes_nothing_and_fails(call, shop, kite, typed):
    typed("no\n")
    with pytest.raises(CommandError, match=r"^Aborted\. Nothing has changed\.$"):
        call("full_reset")
    assert has_old_rows()


def test_the_question_names_the_database_and_what_will_be_lost(call, shop, kite, typed):
    typed("no\n")
    with pytest.raises(CommandError):
        call("full_reset")
    first, *losses, load, question = call.stderr.splitlines()
    assert first == f"This deletes every row of {describe(connection)}:"
    assert sorted(losses) == ["       1 product", "       1 user", "       2 audit logs"]
    assert load == "It then loads 1 row from rows.json. Uploaded files stay."
    assert question == 'Type "yes" to go on: '
    assert call.stdout == ""


@pytest.mark.parametrize("stdin", [io.StringIO("yes\n"), None], ids=["pipe", "closed"])
def test_without_a_terminal_it_does_not_ask(call, shop, kite, monkeypatch, stdin):
    monkeypatch.setattr("sys.stdin", stdin)
    with pytest.raises(CommandError, match=r"^There is no terminal to ask on. Add --no-input "):
        call("full_reset")
    assert has_old_rows()


@pytest.mark.parametrize("value", ["no", 0, None])
def test_only_false_skips_the_question(call, shop, kite, monkeypatch, value):
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    with pytest.raises(CommandError, match="^There is no terminal"):
        call("full_reset", interactive=value)


@pytest.mark.parametrize("force", [False, "false", 1])
def test_with_debug_off_it_refuses(call, shop, kite, settings, force):
    settings.DEBUG = False
    with pytest.raises(CommandError, match=r"^DEBUG is off, so .* may hold real data. Add --f"):
        call("full_reset", interactive=False, force=force)
    assert has_old_rows()


def test_force_resets_with_debug_off(call, shop, kite, settings):
    settings.DEBUG = False
    call("full_reset", "--no-input", "--force")
    assert has_new_rows()


def test_force_still_asks(call, shop, kite, settings, typed):
    settings.DEBUG = False
    typed("no\n")
    with pytest.raises(CommandError, match="^Aborted"):
        call("full_reset", "--force")


def test_a_database_that_cannot_roll_back_is_refused(call, shop, kite, monkeypatch):
    monkeypatch.setattr(connection.features, "can_rollback_ddl", False)
    with pytest.raises(CommandError, match="cannot take back a flush"):
        call("full_reset", interactive=False)
    assert has_old_rows()


def test_an_unknown_database_is_refused(call, shop):
    with pytest.raises(CommandError, match=r"^DATABASES has no no\\npe. It has: default\.$"):
        call("full_reset", interactive=False, database="no\npe")


def test_a_missing_fixture_changes_nothing(call, shop, monkeypatch, tmp_path):
    monkeypatch.setattr(full_reset, "FIXTURE", tmp_path / "gone.json")
    with pytest.raises(CommandError, match=r"gone.json: No such file or directory\.$"):
        call("full_reset", interactive=False)
    assert has_old_rows()


def test_a_broken_fixture_fails_before_migrate(call, shop, fixture_of):
    fixture_of({**KITE, "model": "shop.nope"})
    with pytest.raises(CommandError, match="Invalid model identifier"):
        call("full_reset", interactive=False)
    assert has_old_rows()
    assert call.stdout == ""


def test_a_row_that_the_database_refuses_changes_nothing(call, shop, fixture_of):
    fixture_of(KITE, {**KITE, "pk": 2})
    with pytest.raises(CommandError, match=r"Could not load shop.Product\(pk=2\): .*\. No row"):
        call("full_reset", interactive=False)
    assert has_old_rows()
    assert call.stdout == ""


def test_a_stray_reference_is_found_before_the_question(call, shop, fixture_of, typed):
    fixture_of(KITE, STRAY)
    typed("yes\n")
    with pytest.raises(CommandError, match=r"shop_order.*\. No row has changed\.$"):
        call("full_reset")
    assert has_old_rows()
    assert call.stderr == ""


@pytest.mark.parametrize("error", [SystemExit(143), KeyboardInterrupt()])
def test_whatever_ends_the_load_the_old_rows_are_back(call, shop, fixture_of, error):
    def stop(**kwargs):
        raise error

    fixture_of(KITE, {**STRAY, "fields": {**STRAY["fields"], "customer": None}})
    with received(stop), pytest.raises(type(error)):
        call("full_reset", interactive=False)
    assert has_old_rows()
    assert call.stdout == ""


@pytest.fixture
def failing():
    """Return a function: within, the database fails as `error` where a table is emptied."""

    def failing(error):
        def wrapper(execute, sql, params, many, context):
            if sql.startswith(("TRUNCATE", "DELETE")):
                raise error
            return execute(sql, params, many, context)

        return connection.execute_wrapper(wrapper)

    return failing


@pytest.mark.parametrize(
    "error",
    [OperationalError("too slow"), ProgrammingError("no right"), InternalError("read-only")],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("options", [{"interactive": False}, {}], ids=["no input", "asked"])
def test_a_flush_that_fails_says_what_the_database_said(
    call, shop, kite, typed, failing, error, options
):
    typed("yes\n")
    with failing(error), pytest.raises(type(error)) as caught:
        call("full_reset", **options)
    assert caught.value is error
    assert has_old_rows()
    assert (call.stdout, call.stderr) == ("", "")


def test_a_flush_that_fails_without_the_database_says_what_it_said(call, shop, kite, failing):
    with (
        failing(ZeroDivisionError()),
        pytest.raises(CommandError, match="couldn't be flushed") as caught,
    ):
        call("full_reset", interactive=False)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert has_old_rows()


def test_after_a_rollback_keys_count_on_where_they_were(call, shop, fixture_of):
    before = AuditLog.objects.latest("pk").pk
    fixture_of(KITE, STRAY)
    with pytest.raises(CommandError):
        call("full_reset", interactive=False)
    assert AuditLog.objects.create(actor="root", action="signed in").pk == before + 1


@pytest.mark.django_db(transaction=True)
def test_after_a_rollback_no_new_content_type_is_remembered(call, shop, fixture_of):
    ContentType.objects.filter(model="product").delete()
    ContentType.objects.clear_cache()
    ContentType.objects.create(pk=7000, app_label="shop", model="product")
    # Django looks up the content type to find the group's permission.
    fields = {"name": "clerks", "permissions": [["add_product", "shop", "product"]]}
    fixture_of({"model": "auth.group", "pk": 1, "fields": fields}, STRAY)
    with pytest.raises(CommandError, match="No row has changed"):
        call("full_reset", interactive=False)
    assert ContentType.objects.get_for_model(Product).pk == 7000


def test_called_commands_print_to_the_commands_own_streams(call, other, kite, capfd):
    stdout = call("full_reset", interactive=False, database="other", verbosity=3)
    assert capfd.readouterr() == ("", "")
    for text in ["Running migrations:", "Adding permission 'Shop | product |", "Installed 1 obj"]:
        assert text in stdout
    assert "\r" not in stdout


def test_a_stderr_that_cannot_be_written_does_not_decide(shop, kite):
    stdout = io.StringIO()

    def warn(**kwargs):
        sys.stderr.write("Careful!\n")

    with received(warn, post_migrate, sender=None):
        call_command("full_reset", interactive=False, stdout=stdout, stderr=GoneReader())
    assert has_new_rows()
    assert stdout.getvalue().endswith(": 4 rows deleted, 1 loaded.\n")


def test_a_reader_that_left_does_not_decide(shop, kite):
    with pytest.raises(BrokenPipeError):
        call_command("full_reset", interactive=False, stdout=GoneReader())
    assert has_new_rows()


@pytest.mark.parametrize(
    ("stream", "options", "colored"),
    [
        pytest.param(io.StringIO, {}, False, marks=pytest.mark.full),
        pytest.param(io.StringIO, {"force_color": True}, True, marks=pytest.mark.full),
        pytest.param(Screen, {}, True, marks=pytest.mark.full),
        (Screen, {"no_color": True}, False),
    ],
    ids=["file", "force_color", "terminal", "no_color"],
)
def test_the_choice_of_color_reaches_every_called_command(
    other, kite, stream, options, colored, monkeypatch
):
    # Django's styles look at sys.stdout, wherever the text goes.
    stdout = stream()
    monkeypatch.setattr("sys.stdout", stdout)
    call_command("full_reset", interactive=False, database="other", stdout=stdout, **options)
    assert bool(re.search("\x1b.*Operations to perform", stdout.getvalue())) == colored
    assert ("\x1b" in stdout.getvalue()) == colored


def test_the_named_database_is_reset_and_no_other(call, other, kite, typed):
    # Without tables there is nothing to rehearse on; `migrate` makes them after the question.
    typed("yes\n")
    call("full_reset", database="other")
    assert full_reset.lock_and_count(other) == {"product": 1}
    assert has_old_rows()


@pytest.mark.django_db(transaction=True)
def test_permissions_are_made_only_while_the_tables_are_held(call, shop, kite):
    # Elsewhere another reset could take away the content types that they are made for.
    held = []

    def note(**kwargs):
        held.append(connection.in_atomic_block)

    with received(note, post_migrate, sender=None):
        call("full_reset", interactive=False)
    assert held
    assert all(held)


@pytest.mark.full
@pytest.mark.django_db(transaction=True)
def test_two_at_once_both_end_with_the_fixtures_rows(manage, shop):
    both = [manage.start("full_reset", "--no-input") for _ in range(2)]
    outputs = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    # The second one has deleted what the first one had loaded, all of it.
    deleted = [re.search(r"(\d+) rows deleted, 50 loaded", stdout)[1] for stdout, _ in outputs]
    assert sorted(deleted) == ["4", "50"]


def test_a_locked_sqlite_database_is_given_up_after_its_timeout(call, other, kite):
    if connection.vendor == "sqlite":
        Path(other.settings_dict["NAME"]).write_bytes(connection.connection.serialize())
    else:
        call_command("migrate", database="other", verbosity=0)
    with sqlite3.connect(other.settings_dict["NAME"]) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="database is locked"):
            call("full_reset", interactive=False, database="other")
    writer.close()


def test_inside_a_transaction_it_refuses(call, shop, kite):
    # "Reset" would be printed before the commit, which could still fail.
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        call("full_reset", interactive=False)
    assert has_old_rows()


@pytest.mark.posix
@pytest.mark.django_db(transaction=True)
def test_ctrl_c_leaves_the_question_cleanly(manage, shop):
    done = manage.terminal("full_reset", "--no-color", keys=[("go on: ", signal.SIGINT)])
    assert done.returncode == 130
    assert done.stdout.endswith('Type "yes" to go on: \r\nStopped by Ctrl-C.\r\n')


@pytest.fixture
def stopped(manage, shop):
    """Return a function that runs the command, which sends itself a signal where `code` says."""

    def stopped(code, number):
        # Python runs a module of this name when it starts.
        module = manage.folder / "sitecustomize.py"
        module.write_text(code.format(number=int(number)), encoding="utf-8")
        done = manage("full_reset", "--no-input", env={"PYTHONPATH": str(manage.folder)})
        return done.returncode, done.stdout, done.stderr

    return stopped


@pytest.fixture
def usernames(manage):
    """Return a function that tells which users the processes have left."""

    def usernames():
        rows = User.objects.values_list("username")
        if connection.vendor == "sqlite":
            rows = manage.rows("SELECT username FROM auth_user")
        return {name for (name,) in rows}

    return usernames


@pytest.mark.posix
@pytest.mark.django_db(transaction=True)
def test_sigterm_in_the_middle_of_the_load_loses_nothing(stopped, usernames):
    assert stopped(WHILE_IT_LOADS, signal.SIGTERM) == (143, "", "")
    assert usernames() == {"root"}


@pytest.mark.posix
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("number", "name"),
    [pytest.param(signal.SIGINT, "Ctrl-C", marks=pytest.mark.full), (signal.SIGTERM, "SIGTERM")],
)
def test_a_signal_at_the_commit_waits_for_it(stopped, usernames, number, name):
    code, stdout, stderr = stopped(AT_THE_COMMIT, number)
    assert (code, stdout) == (0, "")
    assert re.fullmatch(
        rf"Stopped by {name}, but the work was done before: "
        r"Reset .*: 4 rows deleted, 50 loaded\.\n",
        stderr,
    )
    assert "ada" in usernames()


@pytest.mark.full
@pytest.mark.posix
@pytest.mark.django_db(transaction=True)
def test_ctrl_c_ends_the_wait_for_sqlites_lock(manage, stopped, usernames):
    if connection.vendor != "sqlite":
        pytest.skip("one writer for the whole database is SQLite's")
    manage.copy_database()
    writer = sqlite3.connect(manage.database, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        assert stopped(WHILE_IT_WAITS, signal.SIGINT) == (130, "", "Stopped by Ctrl-C.\n")
    finally:
        writer.close()
    assert usernames() == {"root"}


@pytest.mark.full
@pytest.mark.posix
@pytest.mark.django_db(transaction=True)
def test_a_signal_while_nobody_reads_the_result_tells_what_is_done(manage, shop, usernames):
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, b"x")
    os.set_blocking(writer, True)
    process = manage.start("full_reset", "--no-input", stdout=writer)
    os.close(writer)
    try:
        deadline = time.monotonic() + 60
        while usernames() == {"root"}:
            assert time.monotonic() < deadline, "the rows have never changed"
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        os.close(reader)
    assert "Stopped by SIGTERM, but the work was done before: Reset " in process.stderr.read()


@pytest.mark.full
@pytest.mark.posix
@pytest.mark.filesystem
@pytest.mark.django_db(transaction=True)
def test_a_full_disk_behind_stdout_does_not_undo_what_is_done(manage, shop, usernames):
    with Path("/dev/full").open("w") as full:
        done = manage("full_reset", "--no-input", stdout=full)
    assert done.returncode == 0
    assert done.stderr.startswith(
        "Cannot write the output (No space left on device), but the work was done before: Reset "
    )
    assert "ada" in usernames()


@pytest.mark.full
@pytest.mark.posix
@pytest.mark.filesystem
@pytest.mark.django_db(transaction=True)
def test_a_full_disk_behind_stderr_decides_nothing(manage, shop, usernames):
    (manage.folder / "sitecustomize.py").write_text(WARN, encoding="utf-8")
    with Path("/dev/full").open("w") as full:
        done = manage(
            "full_reset", "--no-input", env={"PYTHONPATH": str(manage.folder)}, stderr=full
        )
    assert done.returncode == 0
    assert done.stdout.endswith(": 4 rows deleted, 50 loaded.\n")
    assert "ada" in usernames()


@pytest.mark.full
def test_another_database_that_does_not_answer_is_named(manage):
    absent = manage.folder / "absent" / "other.sqlite3"
    (manage.folder / "sitecustomize.py").write_text(
        "from shared_project import settings\n"
        f"settings.DATABASES['other'] = settings.sqlite({str(absent)!r})\n",
        encoding="utf-8",
    )
    path = os.pathsep.join([str(manage.folder), str(Path(full_reset.__file__).parents[5])])
    done = manage("full_reset", "--no-input", "--database=other", env={"PYTHONPATH": path})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: Database other ({absent}): unable to open")
