"""Scratch databases: made from a template, given back fresh before a run, dropped at the end."""

import contextlib
import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from drivers import connect

ROOT = Path(__file__).resolve().parents[2]
WORK = Path(__file__).with_name("work.py")


class UnusableError(Exception):
    """A database that was asked for cannot be used; the text says why."""


class Database:
    """`url` is the database that the runs use; `template_url` is where its copies come from."""

    def build(self, filling: str | None, count: int) -> None:
        """Make the template: migrated, then filled with `count` rows of one kind."""
        self.create_template()
        env = {**os.environ, "DATABASE_URL": self.template_url, "BENCHMARK_REPORT": os.devnull}
        commands = [[ROOT / "manage.py", "migrate", "--verbosity=0"]]
        if filling:
            commands.append([WORK, "fill", filling, str(count)])
        for command in commands:
            subprocess.run([sys.executable, *command], env=env, check=True)

    def value(self, sql: str) -> str:
        with closing(connect(self.url)) as connection:
            return str(connection.execute(sql).fetchone())


class Sqlite(Database):
    title = "SQLite"

    def __init__(self, folder: Path):
        self.template = folder / "template.sqlite3"
        self.file = folder / "work.sqlite3"
        self.template_url = f"sqlite:///{self.template}"
        self.url = f"sqlite:///{self.file}"

    def create_template(self):
        self.template.unlink(missing_ok=True)

    def restore(self):
        """Put a fresh copy of the template in the place of the database."""
        for suffix in ("-wal", "-shm", "-journal"):
            self.file.with_name(self.file.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(self.template, self.file)
        # Without this the copy would be written to the disk during the run that follows.
        with self.file.open("rb+") as file:
            os.fsync(file.fileno())

    def version(self):
        return self.value("SELECT 'SQLite ' || sqlite_version()").strip("(',)")

    def drop(self):
        self.template.unlink(missing_ok=True)


class Postgres(Database):
    title = "PostgreSQL"

    def __init__(self, url: str):
        place = urlsplit(url)
        self.name = place.path.lstrip("/")
        self.template_name = f"{self.name}_template"
        self.server_url = urlunsplit(place._replace(path="/postgres"))
        self.url = url
        self.template_url = urlunsplit(place._replace(path=f"/{self.template_name}"))
        self.ours = False
        if not url.startswith(("postgres:", "postgresql:")) or not self.name:
            raise UnusableError("--url (or DATABASE_URL) must be postgres://user@host:port/name.")
        try:
            import psycopg
        except ImportError as error:
            raise UnusableError(f"{error}. pip install -r requirements-dev.txt") from None
        try:
            found = self.server(
                "SELECT datname FROM pg_database WHERE datname IN (%s, %s)",
                (self.name, self.template_name),
            )
        except psycopg.Error as error:
            raise UnusableError(f"no server: {str(error).splitlines()[0]}") from None
        if found:
            raise UnusableError(
                f"the database {found[0][0]} exists. Name a scratch database that does not."
            )
        self.ours = True

    def server(self, sql, parameters=None):
        with closing(connect(self.server_url)) as connection:
            cursor = connection.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []

    def create_template(self):
        self.drop()
        self.server(f'CREATE DATABASE "{self.template_name}"')

    def restore(self):
        """Put a fresh copy of the template in the place of the database."""
        self.server(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')
        self.server(f'CREATE DATABASE "{self.name}" TEMPLATE "{self.template_name}"')
        # Without this the copy would be written to the disk during the run that follows. Only
        # a superuser may ask for it.
        from psycopg.errors import InsufficientPrivilege

        with contextlib.suppress(InsufficientPrivilege):
            self.server("CHECKPOINT")

    def version(self):
        return "PostgreSQL " + self.server("SHOW server_version")[0][0].split()[0]

    def drop(self):
        if self.ours:
            for name in (self.name, self.template_name):
                self.server(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
