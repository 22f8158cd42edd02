from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models import ProtectedError
from django.utils import timezone

from shared_project.shop.models import AuditLog, Order, Session, TempFile

pytestmark = pytest.mark.django_db


def test_naive_cleanup_takes_negative_days_and_deletes_everything(step, shop):
    call_command(step("cleanup_old_data"), "--days=-5", stdout=StringIO())
    assert not AuditLog.objects.exists()
    assert not Session.objects.exists()


def test_naive_cleanup_leaves_the_calendar_with_a_traceback(step):
    with pytest.raises(OverflowError):
        call_command(step("cleanup_old_data"), days=999_999, stdout=StringIO())


def test_naive_cleanup_deletes_a_row_that_was_touched_meanwhile(step, shop, before_delete):
    touched = AuditLog.objects.earliest("pk").pk

    def touch():
        AuditLog.objects.filter(pk=touched).update(created_at=timezone.now())

    with before_delete(AuditLog, touch):
        call_command(step("cleanup_old_data"), stdout=StringIO())
    assert not AuditLog.objects.filter(pk=touched).exists()


class ImpatientOutput(StringIO):
    def write(self, text):
        if self.getvalue().count("\n") == 50:
            raise TimeoutError
        return super().write(text)


def test_naive_cleanup_never_ends_where_a_trigger_keeps_a_row(step, shop, trigger):
    trigger(AuditLog, "1 = 1")
    stdout = ImpatientOutput()
    with pytest.raises(TimeoutError):
        call_command(step("cleanup_old_data"), stdout=stdout)
    assert stdout.getvalue().splitlines()[-1] == "AuditLog: 0/2"


def test_naive_cleanup_stops_at_a_protected_row_when_other_models_have_gone(step, shop):
    Order.objects.create(number="A-1", total=1, receipt=TempFile.objects.earliest("pk"))
    with pytest.raises(ProtectedError):
        call_command(step("cleanup_old_data"), stdout=StringIO())
    assert AuditLog.objects.count() == 1


def test_naive_cleanup_counts_children_as_sessions(step, shop):
    stdout = StringIO()
    call_command(step("cleanup_old_data"), stdout=stdout)
    assert "Session: 4/2\n" in stdout.getvalue()


def test_naive_cleanup_leaves_the_stored_files_behind(step, shop, stored):
    names = stored()
    call_command(step("cleanup_old_data"), stdout=StringIO())
    assert names() == ["1.txt", "2.txt", "3.txt"]
