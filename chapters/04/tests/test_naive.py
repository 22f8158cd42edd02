import io
from pathlib import Path

import pytest
from django.core.management import call_command

from shared_project.shop.models import Product

BROKEN = Path(__file__).parent.parent / "data" / "broken.json"


def test_naive_check_health_finds_a_database_that_is_not_there(step, monkeypatch):
    def down(connection):
        raise AssertionError("asked the database")

    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.connect", down)
    stdout = io.StringIO()
    call_command(step("check_health"), stdout=stdout)
    assert stdout.getvalue().startswith("Database connection: OK (")
    assert stdout.getvalue().endswith("All checks passed!\n")


@pytest.mark.django_db
def test_naive_sync_data_reports_success_though_every_record_failed(step):
    stdout, stderr = io.StringIO(), io.StringIO()
    call_command(step("sync_data"), BROKEN, stdout=stdout, stderr=stderr)
    assert stderr.getvalue().count("Failed: ") == 3
    assert stdout.getvalue().endswith("Synchronized 3 records!\n")
    assert not Product.objects.exists()


@pytest.mark.django_db
def test_naive_sync_data_writes_escapes_into_a_file(step):
    stderr = io.StringIO()
    call_command(step("sync_data"), BROKEN, stdout=io.StringIO(), stderr=stderr, force_color=True)
    assert stderr.getvalue().startswith("\x1b[31;1mFailed: ")
