"""A step may take hours with a million rows; `--limit` ends it, and keeps that it did."""

import importlib
import json
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

pytestmark = pytest.mark.posix

SLEEP = ["-c", "import time; time.sleep(600)"]
NOTHING = ["-c", ""]
NAMES = ("catalog", "databases", "drivers", "measure", "rows", "run")


@pytest.fixture
def benchmarks(monkeypatch):
    """The modules of the benchmarks, which find each other by the folder of their script."""
    monkeypatch.syspath_prepend(Path(__file__).parents[1])
    before = dict(sys.modules)
    yield SimpleNamespace(**{name: importlib.import_module(name) for name in NAMES})
    for name in NAMES:
        if name not in before:
            del sys.modules[name]


@pytest.fixture
def started(monkeypatch):
    """The processes that were started."""
    started = []
    start = subprocess.Popen

    def note(*args, **options):
        started.append(start(*args, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", note)
    return started


def test_a_process_that_is_over_its_limit_is_killed(benchmarks, started, tmp_path):
    with pytest.raises(benchmarks.measure.LimitError):
        benchmarks.measure.run(SLEEP, {}, tmp_path, limit=0.2)
    assert started[0].returncode == -signal.SIGKILL


def test_after_a_process_no_limit_is_left(benchmarks, tmp_path):
    before = signal.getsignal(signal.SIGALRM)
    assert benchmarks.measure.run(NOTHING, {}, tmp_path, limit=600).seconds > 0
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert signal.getsignal(signal.SIGALRM) is before


@pytest.fixture
def kept(benchmarks, tmp_path):
    """Return a function that measures commands with a limit, and returns what the file has."""
    database = SimpleNamespace(title="SQLite", url="", build=lambda *_: None, restore=lambda: None)
    file = tmp_path / "steps.json"
    options = SimpleNamespace(steps=file, limit=0.2, rows=1_000_000, repeat=2, clock="wall")

    def kept(**commands):
        found = [
            benchmarks.catalog.Benchmark(
                name=name, floor=NOTHING, command=command, limits={"SQLite": None}
            )
            for name, command in commands.items()
        ]
        assert benchmarks.run.run_all(found, database, tmp_path, options)
        return json.loads(file.read_text())

    kept.options = options
    return kept


def test_a_step_that_was_ended_is_kept_with_its_limit(kept, started):
    assert kept(one=SLEEP) == [
        {
            "step": "one",
            "database": "SQLite",
            "rows": 1_000_000,
            "seconds": None,
            "cost": None,
            "megabytes": None,
            "longest": None,
            "limit": 0.2,
        }
    ]
    assert len(started) == 2  # a second round would end at the limit too


def test_after_a_step_that_was_ended_the_next_one_is_measured(kept):
    assert [one["step"] for one in kept(one=SLEEP, two=SLEEP)] == ["one", "two"]


def test_a_result_takes_the_place_of_an_ended_run(kept):
    kept(one=SLEEP)
    kept.options.limit = None
    (result,) = kept(one=NOTHING)
    assert result["seconds"] > 0
    assert "limit" not in result


def test_a_limit_without_steps_is_a_wrong_command_line(benchmarks, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["run.py", "--limit", "600"])
    with pytest.raises(SystemExit) as stop:
        benchmarks.run.parse()
    assert stop.value.code == 2
    assert "--limit needs --steps" in capsys.readouterr().err


def test_a_copy_of_a_database_has_no_log_of_a_killed_process(benchmarks, tmp_path):
    database = benchmarks.databases.Sqlite(tmp_path)
    database.template.write_bytes(b"")
    logs = [tmp_path / f"work.sqlite3{suffix}" for suffix in ("-wal", "-shm", "-journal")]
    for log in logs:
        log.write_bytes(b"old")
    database.restore()
    assert not [log for log in logs if log.exists()]
