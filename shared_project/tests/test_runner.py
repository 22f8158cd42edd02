import pytest

from shared_project.chapters import ROOT
from shared_project.runner import PytestRunner


@pytest.mark.parametrize(
    ("options", "arguments"),
    [
        ({}, ["chapters/01"]),
        ({"verbosity": 0}, ["chapters/01", "--quiet"]),
        ({"verbosity": 3}, ["chapters/01", "-vv"]),
        ({"failfast": True}, ["chapters/01", "--exitfirst"]),
        ({"keepdb": True}, ["chapters/01", "--reuse-db"]),
        ({"keyword": "greet"}, ["chapters/01", "-k", "greet"]),
        ({"pdb": True}, ["chapters/01", "--pdb"]),
    ],
)
def test_djangos_options_become_pytests(monkeypatch, options, arguments):
    passed = []
    monkeypatch.setattr(pytest, "main", lambda arguments: passed.extend(arguments) or 0)
    assert PytestRunner(**options).run_tests(["chapters/01"]) == 0
    assert passed == arguments


def test_manage_py_test_runs_a_chapter(manage):
    done = manage("test", "chapters/01", "-k", "exactly", "--keepdb", cwd=ROOT)
    assert done.returncode == 0
    assert "1 passed" in done.stdout


def test_manage_py_test_fails_where_a_test_fails(manage, tmp_path):
    (tmp_path / "test_wrong.py").write_text("def test_wrong():\n    assert 1 == 2\n")
    done = manage("test", "test_wrong.py", "-v", "0")
    assert done.returncode == 1
    assert "1 failed" in done.stdout
