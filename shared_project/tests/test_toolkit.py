"""The toolkit as an engineer takes it: the folder, copied into another project."""

import os
import shutil
import subprocess
import sys

from shared_project.chapters import ROOT

TOOLKIT = ROOT / "shared_project" / "toolkit"
# Every module, used the way its docstring says.
COMMAND = """
from io import BytesIO

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand
from django.db import connection

from shop.toolkit.arguments import validate_option, whole_number
from shop.toolkit.batches import AdaptiveBatchSize, key_range, pk_ranges
from shop.toolkit.files import MEGABYTE, atomic_write, open_input
from shop.toolkit.json_array import ArrayReader
from shop.toolkit.locks import set_lock_timeout
from shop.toolkit.names import plain_name
from shop.toolkit.output import style_for
from shop.toolkit.progress import progress_bar
from shop.toolkit.rows import check_row, rules_for
from shop.toolkit.shutdown import CommitGuard, GracefulShutdown
from shop.toolkit.spellings import other_spellings
from shop.toolkit.stdin import open_file_or_stdin
from shop.toolkit.text import quoted


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("path")
        parser.add_argument("--most", type=whole_number(1), default=100)

    def handle(self, *, path, most, verbosity, **options):
        most = validate_option(whole_number(1), most, "--most")
        users = User.objects.all()
        keys = key_range(users)
        with (
            GracefulShutdown() as stop,
            set_lock_timeout(),
            progress_bar(self.stderr, verbosity, total=keys.count) as bar,
            atomic_write(path) as file,
            CommitGuard(self) as guard,
        ):
            for low, high in stop.between(pk_ranges(users, keys, AdaptiveBatchSize(most))):
                rows = users.filter(pk__gte=low, pk__lte=high)
                for name in rows.values_list("username", flat=True):
                    file.write(f"{plain_name(name)}\\n".encode())
                    bar.update()
            guard.commit_follows("Listed the users.")
        with open_input(path, MEGABYTE) as file, open_file_or_stdin(path, MEGABYTE) as again:
            assert file.read() == again.read()
        assert not [*other_spellings(User._meta.get_field("username"))]
        rules = rules_for(User, "username")
        [row] = ArrayReader(BytesIO(b'[{"username": "ada"}]'), "-")
        assert check_row(row, rules) == ({"username": "ada"}, [])
        text = f"Listed {keys.count} users in {quoted(path)}."
        self.stdout.write(text, style_for(self.stdout, self.style.SUCCESS))
        stop.exit_if_requested()
"""
MANAGE = """
import os
import sys
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"

from shop.toolkit.process import run

sys.exit(run(sys.argv, Path(__file__).resolve().parent))
"""
SETTINGS = """
from shop.toolkit.sqlite import PatientConnection

INSTALLED_APPS.append("shop")
DATABASES["default"]["OPTIONS"] = {"factory": PatientConnection, "timeout": 0.1}
"""
USERS = "User.objects.bulk_create(User(username=f'ada{n}') for n in range(250))"


def test_a_copy_works_in_a_new_project(tmp_path):
    env = {key: value for key, value in os.environ.items() if not key.startswith("DJANGO_")}

    def python(*arguments):
        done = subprocess.run(
            [sys.executable, *arguments], cwd=tmp_path, env=env, capture_output=True, text=True
        )
        return done.returncode, done.stdout, done.stderr

    assert python("-m", "django", "startproject", "shop", ".") == (0, "", "")
    shutil.copytree(TOOLKIT, tmp_path / "shop/toolkit", ignore=shutil.ignore_patterns("*.pyc"))
    commands = tmp_path / "shop/management/commands"
    commands.mkdir(parents=True)
    (commands / "list_users.py").write_text(COMMAND)
    (tmp_path / "manage.py").write_text(MANAGE)
    with (tmp_path / "shop/settings.py").open("a") as settings:
        settings.write(SETTINGS)

    code, _, stderr = python("manage.py", "list_users", "users.txt")
    assert (code, stderr.count("\n")) == (1, 1)
    assert "python manage.py migrate" in stderr
    assert python("manage.py", "migrate", "-v", "0") == (0, "", "")
    assert python("manage.py", "shell", "-v", "0", "-c", USERS)[0] == 0
    assert python("manage.py", "list_users", "users.txt") == (
        0,
        "Listed 250 users in 'users.txt'.\n",
        "",
    )
    assert len((tmp_path / "users.txt").read_text().splitlines()) == 250
    code, _, stderr = python("manage.py", "list_users", "users.txt", "--most", "0")
    assert code == 2
    assert "argument --most: must be a whole number of at least 1" in stderr


def test_no_module_is_left_out():
    names = {path.stem for path in TOOLKIT.glob("*.py")} - {"__init__"}
    used = {name for name in names if f"shop.toolkit.{name} import" in COMMAND + MANAGE + SETTINGS}
    # `process` and `locks` use these.
    assert names - used == {"errors"}
