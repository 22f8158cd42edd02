"""Stored files go after the commit of their rows, so these tests commit."""

import os
import signal
from io import StringIO

import pytest
from django.apps import apps
from django.core.files.storage import FileSystemStorage, Storage, default_storage
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, OperationalError, connection, models, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cleanup.targets import TargetWithFile
from shared_project.shop.models import Order, TempFile
from shared_project.toolkit.text import printable

pytestmark = pytest.mark.django_db(transaction=True)


def run(call, **options):
    return call("cleanup_old_data", model="temp_files", **options)


def test_stored_files_go_with_their_rows(call, shop, stored):
    names = stored()
    run(call)
    assert names() == ["3.txt"]


def test_a_dry_run_leaves_stored_files_alone(call, shop, stored):
    names = stored()
    run(call, dry_run=True)
    assert names() == ["1.txt", "2.txt", "3.txt"]


def test_a_stored_file_goes_after_the_commit_and_not_before(call, shop, stored):
    names = stored()
    with transaction.atomic():
        run(call)
        assert names() == ["1.txt", "2.txt", "3.txt"]
    assert names() == ["3.txt"]


def test_a_stored_file_outlives_a_rollback(call, shop, stored):
    names = stored()
    with transaction.atomic():
        run(call)
        transaction.set_rollback(True)
    assert names() == ["1.txt", "2.txt", "3.txt"]


def test_the_file_of_a_row_that_an_order_needs_meanwhile_stays(call, shop, stored, before_delete):
    names = stored()
    kept = TempFile.objects.get(file="temp/1.txt")

    def need():
        Order.objects.create(number="A-1", total=1, receipt=kept)

    with before_delete(TempFile, need):
        assert run(call).endswith("Temp files: 1 deleted, 1 still needed by an order\n")
    assert names() == ["1.txt", "3.txt"]


@pytest.mark.parametrize("name", ["temp/gone.txt", ""])
def test_a_stored_file_that_is_missing_is_no_error(call, shop, stored, name):
    stored()
    TempFile.objects.filter(file="temp/1.txt").update(file=name)
    assert run(call).endswith("Temp files: 2 deleted\n")
    assert call.stderr == ""


def test_a_file_that_cannot_be_removed_is_named_and_the_rest_goes(call, shop, stored, monkeypatch):
    names = stored()
    remove = os.remove

    def refuse(path):
        if str(path).endswith("1.txt"):
            raise PermissionError(13, "Permission denied")
        remove(path)

    monkeypatch.setattr(os, "remove", refuse)
    with pytest.raises(CommandError, match="^Temp files: 1 left in the storage"):
        run(call, verbosity=0)
    assert call.stderr == "temp/1.txt: Permission denied. Remove this file by hand.\n"
    assert names() == ["1.txt", "3.txt"]


def test_a_name_that_leaves_the_folder_of_uploads_removes_nothing(call, shop, stored, tmp_path):
    stored()
    outside = tmp_path / "precious.txt"
    outside.write_text("Not an upload.")
    TempFile.objects.filter(file="temp/1.txt").update(file="../precious.txt")
    with pytest.raises(CommandError, match="^Temp files: 1 left"):
        run(call)
    assert "../precious.txt: Not below the folder of uploads." in call.stderr
    assert outside.exists()


def test_after_twenty_files_the_rest_is_counted(call, long_ago, monkeypatch):
    TempFile.objects.bulk_create(
        TempFile(file=f"temp/{n}.txt", uploaded_at=long_ago) for n in range(25)
    )

    def refuse(name):
        raise OSError("the disk is gone")

    monkeypatch.setattr(default_storage, "delete", refuse)
    with pytest.raises(CommandError, match="^Temp files: 25 left"):
        run(call, batch_size=15)
    assert call.stderr.count("the disk is gone. Remove") == 20


@pytest.fixture
def share(long_ago, shop, stored):
    """Return a function that makes rows with the names of one file; it returns the names left."""

    def create(*names, uploaded_at=long_ago):
        TempFile.objects.bulk_create(
            TempFile(file=name, uploaded_at=uploaded_at) for name in names
        )
        return stored()

    return create


def test_a_file_that_a_fresh_row_names_too_stays(call, share):
    names = share("temp/1.txt", uploaded_at=timezone.now())
    assert run(call).endswith("Temp files: 2 deleted\n")
    assert names() == ["1.txt", "3.txt"]
    assert call.stderr == ""


def test_a_file_that_a_receipt_names_too_stays(call, share):
    names = share("temp/1.txt")
    Order.objects.create(number="A-1", total=1, receipt=TempFile.objects.latest("pk"))
    assert run(call).endswith("Temp files: 2 deleted, 1 still needed by an order\n")
    assert names() == ["1.txt", "3.txt"]


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_a_file_goes_with_the_last_row_that_names_it(call, share, size):
    names = share("temp/1.txt", "temp/1.txt", "temp/1.txt")
    assert run(call, batch_size=size).endswith("Temp files: 5 deleted\n")
    assert names() == ["3.txt"]


def test_a_file_that_a_run_has_left_to_a_fresh_row_goes_in_a_later_run(call, share, long_ago):
    names = share("temp/1.txt", uploaded_at=timezone.now())
    run(call)
    TempFile.objects.filter(file="temp/1.txt").update(uploaded_at=long_ago)
    assert run(call).endswith("Temp files: 1 deleted\n")
    assert names() == ["3.txt"]


def test_a_file_whose_other_row_a_trigger_keeps_stays(call, share, trigger):
    names = share("temp/1.txt")
    trigger(TempFile, f"OLD.id = {TempFile.objects.latest('pk').pk}")
    with pytest.raises(CommandError, match="^Temp files: 1 not deleted: another session"):
        run(call)
    assert names() == ["1.txt", "3.txt"]


def test_a_row_that_names_the_file_right_before_the_commit_keeps_it(
    call, shop, stored, before_delete
):
    names = stored()
    fresh = TempFile.objects.filter(file="temp/3.txt")
    with before_delete(TempFile, lambda: fresh.update(file="temp/1.txt")):
        run(call)
    assert names() == ["1.txt", "3.txt"]


@pytest.mark.parametrize(
    ("gone", "stays"),
    [
        ("temp/1.txt", "temp/./1.txt"),
        pytest.param("temp/1.txt", "temp//1.txt", marks=pytest.mark.full),
        pytest.param("temp/1.txt", "./temp/1.txt", marks=pytest.mark.full),
        pytest.param("temp/1.txt", "temp/x/../1.txt", marks=pytest.mark.full),
        ("temp/1.txt", "temp/1.txt/"),
        ("temp/./1.txt", "temp/1.txt"),
        pytest.param("temp//1.txt", "temp/./1.txt", marks=pytest.mark.full),
    ],
)
def test_a_file_that_a_row_names_by_another_spelling_stays(call, shop, stored, gone, stays):
    names = stored()
    TempFile.objects.filter(file="temp/1.txt").update(file=gone)
    TempFile.objects.filter(file="temp/3.txt").update(file=stays)
    assert run(call).endswith("Temp files: 2 deleted\n")
    assert names() == ["1.txt", "3.txt"]


def test_a_file_that_a_row_names_by_its_whole_path_stays(call, shop, stored, settings):
    names = stored()
    whole = settings.MEDIA_ROOT / "temp" / "1.txt"
    TempFile.objects.filter(file="temp/3.txt").update(file=whole)
    run(call)
    assert names() == ["1.txt", "3.txt"]


def test_a_hidden_file_is_none_of_another_spelling(call, share):
    names = share("temp/.hidden", "temp/.hidden")
    run(call)
    assert names() == ["3.txt"]


def test_a_store_without_paths_may_know_a_file_by_another_spelling(call, share, monkeypatch):
    names = share("temp/./1.txt", uploaded_at=timezone.now())
    monkeypatch.setattr(FileSystemStorage, "path", Storage.path)
    removed = []
    monkeypatch.setattr(default_storage, "delete", removed.append)
    run(call)
    assert removed == ["temp/2.txt"]
    assert names() == ["1.txt", "2.txt", "3.txt"]


def test_a_table_without_other_spellings_is_looked_through_once(call, shop, stored):
    stored()
    with CaptureQueriesContext(connection) as queries:
        run(call, batch_size=1)
    asked = [query["sql"] for query in queries if "LIKE" in query["sql"]]
    assert len(asked) == 1
    assert "LIMIT 1" in asked[0]


def test_many_files_are_asked_for_in_statements_of_their_own(call, share, monkeypatch):
    monkeypatch.setattr("cleanup.files.NAMES_IN_A_STATEMENT", 1)
    names = share("temp/1.txt", "temp/2.txt", uploaded_at=timezone.now())
    run(call)
    assert names() == ["1.txt", "2.txt", "3.txt"]


def test_no_other_model_stores_files_that_a_cleanup_would_have_to_ask_for():
    fields = [field for model in apps.get_models() for field in model._meta.get_fields()]
    stored = [str(field) for field in fields if isinstance(field, models.FileField)]
    assert stored == ["shop.TempFile.file"]


class StoreError(Exception):
    """What a client of an object store raises: a class of its own library."""


FAILURES = {
    "a class of the library's own": (StoreError("Access denied."), "Access denied"),
    "no words": (StoreError(), "StoreError"),
    "several lines": (StoreError("Gone\nRequest id: 7"), "Gone"),
    "what a terminal obeys": (StoreError("No \x1b[2J access"), r"No \x1b[2J access"),
    "a value": (ValueError("embedded null byte"), "embedded null byte"),
    "a system's error": (IsADirectoryError(21, "Is a directory"), "Is a directory"),
    "a system's error with words alone": (TimeoutError("timed out"), "timed out"),
    "a database that holds files": (IntegrityError("needed"), "needed"),
}


@pytest.mark.parametrize(("error", "said"), FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("size", [1, pytest.param(1000, marks=pytest.mark.full)])
def test_whatever_a_storage_raises_rows_are_counted_and_files_named(
    call, shop, stored, monkeypatch, error, said, size
):
    stored()

    def refuse(name):
        raise error

    monkeypatch.setattr(default_storage, "delete", refuse)
    with pytest.raises(CommandError) as caught:
        run(call, batch_size=size)
    assert str(caught.value) == (
        "Temp files: 2 left in the storage. Remove by hand those that no row names."
    )
    assert call.stdout.endswith("Temp files: 2 deleted\n")
    assert call.stderr == "".join(
        f"temp/{number}.txt: {said}. Remove this file by hand.\n" for number in (1, 2)
    )


@pytest.mark.filesystem
@pytest.mark.parametrize("name", ["temp/" + "n" * 300, "temp/nul\0.txt"])
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL stores no such name")
def test_a_name_that_no_file_can_have_is_named_in_one_line(call, shop, stored, name):
    stored()
    TempFile.objects.filter(file="temp/1.txt").update(file=name)
    with pytest.raises(CommandError, match="^Temp files: 1 left in the storage"):
        run(call)
    assert call.stderr.count("\n") == 1
    assert call.stderr.startswith(printable(name))


class Unconfigured(Storage):
    def __init__(self):
        raise StoreError("no bucket")


@pytest.mark.parametrize(
    ("backend", "said"),
    [("no.such.Storage", "Could not find backend"), (f"{__name__}.Unconfigured", "no bucket")],
)
@pytest.mark.parametrize("dry_run", [True, False])
def test_a_storage_that_cannot_be_used_keeps_every_row(
    call, shop, settings, backend, said, dry_run
):
    settings.STORAGES = {"default": {"BACKEND": backend}}
    with pytest.raises(CommandError, match=f"^The storage of temp files .*: {said}.* STORAGES in"):
        run(call, dry_run=dry_run)
    assert TempFile.objects.count() == 3


def no_answer(execute, sql, parameters, many, more):
    if sql.startswith("SELECT") and '"file" IN' in sql:
        raise OperationalError("connection lost\nHINT: none")
    return execute(sql, parameters, many, more)


def test_files_stay_and_are_named_where_nobody_says_whether_a_row_names_them(call, shop, stored):
    names = stored()
    with connection.execute_wrapper(no_answer), pytest.raises(CommandError, match=": 2 left in"):
        run(call)
    assert call.stdout.endswith("Temp files: 2 deleted\n")
    assert call.stderr.startswith(
        "temp/1.txt: No answer whether another row names it (connection lost). "
        "Remove it by hand if none does.\n"
    )
    assert names() == ["1.txt", "2.txt", "3.txt"]


def test_files_left_are_counted_also_where_the_run_ends_in_an_error(call, long_ago, monkeypatch):
    TempFile.objects.bulk_create(
        TempFile(file=f"temp/{n}.txt", uploaded_at=long_ago) for n in range(25)
    )
    monkeypatch.setattr(TargetWithFile, "kept", fail)
    with connection.execute_wrapper(no_answer), pytest.raises(OperationalError, match="disk"):
        run(call)
    assert call.stdout.endswith("Temp files: 25 deleted\n")
    assert call.stderr.count("\n") == 21
    assert call.stderr.endswith(
        "\nTemp files: 25 left in the storage. Remove by hand those that no row names.\n"
    )


def fail(*args):
    raise OperationalError("disk is full")


def test_files_left_after_the_callers_commit_are_named_too(shop, stored, monkeypatch):
    stored()
    monkeypatch.setattr(default_storage, "delete", fail)
    stderr = StringIO()
    with transaction.atomic():
        call_command("cleanup_old_data", stdout=StringIO(), stderr=stderr)
        assert stderr.getvalue() == ""
    assert stderr.getvalue().count("disk is full. Remove this file by hand.\n") == 2


@pytest.mark.posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("error", [None, StoreError("no access")])
def test_signals_wait_until_each_file_of_the_batch_is_removed_or_named(
    call, shop, stored, monkeypatch, number, error
):
    names = stored()
    delete = default_storage.delete

    def stop_and_delete(name):
        for _ in range(3):
            signal.raise_signal(number)
        if error:
            raise error
        delete(name)

    monkeypatch.setattr(default_storage, "delete", stop_and_delete)
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        run(call)
    assert call.stdout.endswith("Temp files: 2 deleted\n")
    assert names() == (["1.txt", "2.txt", "3.txt"] if error else ["3.txt"])
    assert call.stderr.count("no access. Remove this file by hand.\n") == (2 if error else 0)
    assert ("Temp files: 2 left in the storage. Remove" in call.stderr) == bool(error)
    assert call.stderr.endswith("Stopped before the end. Run the command again to go on.\n")


@pytest.mark.posix
def test_a_signal_interrupts_no_question_and_loses_no_name(call, shop, stored):
    stored()

    def stop_and_fail(execute, sql, parameters, many, more):
        if '"file" IN' in sql:
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGTERM)
        return no_answer(execute, sql, parameters, many, more)

    with connection.execute_wrapper(stop_and_fail), pytest.raises(SystemExit, match="^143$"):
        run(call)
    assert call.stderr.count("Remove it by hand if none does.\n") == 2
