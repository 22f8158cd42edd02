"""A pytest plugin that records what a run was on, for the page of versions."""

import platform
import re
from pathlib import Path

import django
import pytest
from django.db import connection

from shared_project.course.versions import as_json


class Recorder:
    """A pytest plugin that writes to `file` on what it ran, and which chapters passed."""

    def __init__(self, file: Path):
        self.file = file
        self.database = ""
        self.passed = set()
        self.failed = set()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        report = yield
        # With xdist this process runs the test, and another one writes the file.
        if call.when == "call" and connection.connection is not None:
            report.user_properties.append(("database", database_of(connection)))
        return report

    def pytest_runtest_logreport(self, report):
        if not (chapter := re.match(r"chapters/(\d\d)/", report.nodeid)):
            return
        if report.failed:
            self.failed.add(chapter[1])
        elif report.passed and report.when == "call":
            self.passed.add(chapter[1])
            self.database = dict(report.user_properties).get("database", self.database)

    def pytest_sessionfinish(self, session):
        if hasattr(session.config, "workerinput"):
            return
        run = {
            "system": platform.system(),
            "python": minor(platform.python_version()),
            "django": minor(django.__version__),
            "database": self.database,
            "chapters": sorted(self.passed - self.failed),
        }
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(as_json([run]), encoding="utf-8")


def minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def database_of(connection) -> str:
    """Return the name of the connection's database, with the major version of a server."""
    if connection.vendor == "postgresql":
        return f"{connection.display_name} {connection.pg_version // 10000}"
    return connection.display_name
