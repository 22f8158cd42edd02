import os
import signal
import subprocess
import sys

import pytest

from shared_project.chapters import ROOT


def pytest_run(*arguments, env=()):
    environment = {**os.environ, **dict(env)}
    environment.pop("DATABASE_URL", None)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("option", "code"), [([], 0), (["--no-skips"], 1)])
def test_a_skipped_test_fails_the_run_where_skips_are_forbidden(option, code):
    done = pytest_run("-m", "postgres", "shared_project/shop/tests/test_load_demo.py", *option)
    assert "1 skipped" in done.stdout
    assert done.returncode == code


def test_a_skip_says_what_is_missing():
    done = pytest_run("-m", "postgres", "shared_project/shop/tests/test_load_demo.py")
    assert "Skipped 1: needs PostgreSQL: set DATABASE_URL=" in done.stdout


@pytest.mark.posix
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-n", "1"], "Left out 1: marked full; `pytest --full` runs them\n"),
        (["--full"], "1 passed"),
    ],
    ids=["plain", "full"],
)
def test_what_is_marked_full_is_left_out_and_counted(options, said):
    test = "test_a_closed_stdout_is_an_error"
    done = pytest_run("chapters/03/tests/test_export_users.py", "-k", test, *options)
    assert said in done.stdout


@pytest.mark.posix
def test_the_terminal_fixture_answers_and_sends_signals(manage):
    code = "print(input('Name? ')); import time; print('sleeping'); time.sleep(30)"
    done = manage.terminal(
        "shell",
        "--no-imports",
        "-c",
        code,
        keys=[("Name? ", "Ada\n"), ("sleeping", signal.SIGINT)],
    )
    assert done.returncode == 130
    assert "Ada" in done.stdout


@pytest.mark.posix
def test_the_terminal_fixture_fails_where_a_text_never_comes(manage):
    with pytest.raises(AssertionError, match="never printed 'Sure"):
        manage.terminal("hello", keys=[("Sure?", "yes\n")])
