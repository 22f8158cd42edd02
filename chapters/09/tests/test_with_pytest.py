from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from shared_project.shop.models import Session


@pytest.mark.django_db
def test_a_cleanup_deletes_old_sessions_and_keeps_fresh_ones():
    now = timezone.now()
    Session.objects.create(key="old", last_activity=now - timedelta(days=91))
    Session.objects.create(key="fresh", last_activity=now - timedelta(days=89))
    call_command("cleanup_old_data", days=90, stdout=StringIO())
    assert Session.objects.get().key == "fresh"
