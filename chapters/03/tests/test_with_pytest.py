from io import StringIO
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import DatabaseError


def fail_after_a_row(fields, active_only):
    yield [("grace", "grace@example.com")]
    raise DatabaseError("The server went away.")


@pytest.mark.django_db
def test_a_failure_in_the_middle_keeps_the_old_file(tmp_path):
    User.objects.create(username="ada", email="ada@example.com")
    file = tmp_path / "users.csv"
    call_command("export_users", "-o", str(file), stdout=StringIO())
    read_users = patch("export.management.commands.export_users.read_users", fail_after_a_row)
    with read_users, pytest.raises(DatabaseError):
        call_command("export_users", "-o", str(file))
    assert file.read_text(encoding="utf-8") == "username,email\nada,ada@example.com\n"
    assert list(tmp_path.iterdir()) == [file]
