"""What the project needs to run, each thing tried out and timed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.core.cache import caches
from django.db import connections

from shared_project.toolkit.text import printable
from styling import probes
from styling.deadline import run_with_timeout

TIMEOUT = 5  # seconds for each check


@dataclass(frozen=True)
class Result:
    name: str
    ok: bool
    milliseconds: float
    detail: str
    error: Exception | None = None


def run_checks() -> Iterator[Result]:
    """Check every database and its migrations, every cache, and the disks; yield as they end."""
    subjects = {"databases": check_databases, "caches": check_caches, "disks": check_disks}
    for name, check in subjects.items():
        try:
            yield from check()
        except Exception as error:  # noqa: BLE001 (a setting can be wrong in any way)
            yield Result(name, False, 0.0, one_line(error), error)


def check_databases() -> Iterator[Result]:
    for alias in connections:
        database = run_check(f"database {alias}", probes.probe_database, alias)
        yield database
        name = f"migrations {alias}"
        if database.ok:
            yield run_check(name, probes.probe_migrations, alias)
        else:
            # It would wait for the same server until its own deadline.
            yield Result(name, False, 0.0, f"not checked, because database {alias} failed")


def check_caches() -> Iterator[Result]:
    for alias in caches:
        yield run_check(f"cache {alias}", probes.probe_cache, alias)


def check_disks() -> Iterator[Result]:
    for name, (probe, *arguments) in probes.disks().items():
        yield run_check(f"disk {name}", probe, *arguments)


def run_check(name: str, probe: Callable[..., str], *arguments) -> Result:
    """Return what `probe(*arguments)` found; failed where it raised or took over TIMEOUT."""
    detail, error, seconds = run_with_timeout(TIMEOUT, closing_connections, probe, *arguments)
    if error:
        detail = one_line(error)
    return Result(name, error is None, round(seconds * 1000, 1), detail, error)


def closing_connections(probe, *arguments):
    """Call `probe` in a thread that ends afterwards, and takes its connections along."""
    try:
        return probe(*arguments)
    finally:
        connections.close_all()


def one_line(error: Exception) -> str:
    """Return the first line of what `error` says, with its type where that is no words."""
    text = printable((str(error).splitlines() or [""])[0])
    if isinstance(error, (probes.UnhealthyError, TimeoutError)):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
