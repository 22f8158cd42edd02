from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import DatabaseError
from django.test import TestCase


def fail_after_a_row(fields, active_only):
    yield [("grace", "grace@example.com")]
    raise DatabaseError("The server went away.")


class ExportUsersTest(TestCase):
    def test_a_failure_in_the_middle_keeps_the_old_file(self):
        User.objects.create(username="ada", email="ada@example.com")
        folder = Path(self.enterContext(TemporaryDirectory()))
        file = folder / "users.csv"
        call_command("export_users", "-o", str(file), stdout=StringIO())
        read_users = patch("export.management.commands.export_users.read_users", fail_after_a_row)
        with read_users, self.assertRaises(DatabaseError):
            call_command("export_users", "-o", str(file))
        self.assertEqual(file.read_text(encoding="utf-8"), "username,email\nada,ada@example.com\n")
        self.assertEqual(list(folder.iterdir()), [file])
