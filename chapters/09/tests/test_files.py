"""Stored files go after the commit of their rows, so these tests commit."""

import os

import pytest
from django.core.files.storage import default_storage
from django.core.management.base import CommandError
from django.db import transaction

from shared_project.shop.models import Order, TempFile

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


def test_the_file_of_a_row_that_a_trigger_keeps_stays(call, shop, stored, before_delete):
    names = stored()
    kept = TempFile.objects.get(file="temp/1.txt")

    def need():
        Order.objects.create(number="A-1", total=1, receipt=kept)

    with before_delete(TempFile, need), pytest.raises(CommandError, match="^Temp files: 1 kept"):
        run(call)
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
        TempFile(file=f"temp/{n}.txt", created_at=long_ago) for n in range(25)
    )

    def refuse(name):
        raise OSError("the disk is gone")

    monkeypatch.setattr(default_storage, "delete", refuse)
    with pytest.raises(CommandError, match="^Temp files: 25 left"):
        run(call, batch_size=15)
    assert call.stderr.count("the disk is gone. Remove") == 20
