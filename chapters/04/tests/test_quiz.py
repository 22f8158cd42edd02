"""What the quiz says, where no other test runs it."""

from django.core.management.base import BaseCommand


class Reporting(BaseCommand):
    requires_system_checks = []

    def handle(self, *args, **options):
        self.stdout.write(self.style.ERROR("The database does not answer."))


def test_a_style_chooses_neither_the_stream_nor_the_exit_code(capsys):
    Reporting().run_from_argv(["manage.py", "reporting"])  # a SystemExit would fail the test
    assert capsys.readouterr() == ("The database does not answer.\n", "")


def test_without_a_setting_python_prints_errors_and_drops_the_rest(manage):
    done = manage("step", "04/3", "-v", "2")
    assert done.stderr == "Checking the database...\nChecking the disk...\n"
    done = manage("step", "04/3", env={"DATABASE_URL": "sqlite:////nowhere/shop.sqlite3"})
    assert "database: unable to open database file\n" in done.stderr
    assert "disk: " not in done.stderr
