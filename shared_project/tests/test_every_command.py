"""What holds for every command of every chapter, tried on the first line of each in tour.txt."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shared_project.chapters import ROOT, discover
from shared_project.tour import read_tours

COLOR = re.compile(r"\x1b\[[0-9;]*m")


def tour_lines():
    """Return each command's first line that is no usage error: its arguments and exit code."""
    lines = {}
    for line in read_tours(ROOT):
        name, *arguments = line.arguments
        if name in commands() and line.exit_code != 2:
            lines.setdefault(name, (arguments, line.exit_code))
    return lines


def commands():
    return {
        path.stem
        for chapter in discover()
        for path in chapter.folder.glob("*/management/commands/*.py")
    }


LINES = tour_lines()
# Their lines commit what they then print. The others print as they go, or try a dry run.
COMMITTED_FIRST = {"export_users", "full_reset", "process_orders", "sync_data"}
WITHOUT_DATABASE = {"hello", "greet", "palette"}


# What the shared code decides alike for every command is tried on two of them in every run.
FEW = {"export_users", "sync_data"}
NAMES = [pytest.param(name, marks=() if name in FEW else pytest.mark.full) for name in LINES]
some_lines = pytest.mark.parametrize("line", NAMES, indirect=True)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The file of the demo shop."""
    folder = tmp_path_factory.mktemp("demo")
    env = {**os.environ, "DJANGO_DATA_DIR": str(folder)}
    env.pop("DATABASE_URL", None)
    for arguments in (["migrate"], ["load_demo"]):
        command = [sys.executable, ROOT / "manage.py", *arguments, "-v", "0"]
        subprocess.run(command, env=env, check=True)
    return folder / "db.sqlite3"


@pytest.fixture(params=LINES)
def line(request, manage, demo):
    """Run the line on the demo shop, from the repository's root, with `more` arguments."""
    shutil.copy(demo, manage.database)
    arguments, code = LINES[request.param]
    arguments = [text.replace("var/tour", str(manage.folder)) for text in arguments]

    def run(*more, runner=manage, **options):
        return runner(request.param, *arguments, *more, cwd=ROOT, **options)

    run.name, run.code = request.param, code
    return run


def test_every_command_of_the_chapters_is_in_a_tour():
    assert commands() == LINES.keys()


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_command_line_is_a_usage_error(name, manage):
    done = manage(name, "--no-such-option")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"usage: manage.py {name} ")


def test_verbosity_0_prints_nothing_but_errors(line):
    done = line("-v", "0")
    assert (done.returncode, done.stdout) == (line.code, "")
    assert bool(done.stderr) == bool(line.code)


def test_a_pipe_gets_no_color_and_no_progress(line):
    done = line()
    assert done.returncode == line.code
    assert done.stdout
    assert not re.search(r"[\r\x1b]", done.stdout + done.stderr)


@pytest.mark.posix
@some_lines
def test_no_color_is_obeyed_on_a_terminal(line, manage):
    done = line("-v", "1", runner=manage.terminal, env={"NO_COLOR": "1"})
    assert done.returncode == line.code
    assert not COLOR.search(done.stdout)


@pytest.mark.posix
@some_lines
def test_a_reader_that_left_ends_it_quietly(line):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = line(stdout=writer)
    finally:
        os.close(writer)
    assert done.returncode == 141
    assert "Traceback" not in done.stderr
    assert "Broken pipe" not in done.stderr


@pytest.mark.posix
@some_lines
def test_a_full_device_ends_it_in_one_line(line):
    with Path("/dev/full").open("w") as full:
        done = line(stdout=full)
    assert "Traceback" not in done.stderr
    if line.name in COMMITTED_FIRST:
        told = "Cannot write the output (No space left on device), but the work was done before: "
        assert (done.returncode, done.stderr.count("\n")) == (0, 1)
        assert done.stderr.startswith(told)
        return
    assert done.returncode == 1
    assert done.stderr.endswith("Error: stdout: No space left on device.\n")


@some_lines
def test_an_unmigrated_database_ends_it_with_the_next_step(line, manage):
    manage.database.write_bytes(b"")
    done = line()
    if line.name in WITHOUT_DATABASE:
        assert done.returncode == 0
        return
    assert "Traceback" not in done.stderr
    if line.name == "full_reset":  # it migrates by itself
        assert done.returncode == 0
        return
    assert done.returncode == 1
    assert "python manage.py migrate" in done.stdout + done.stderr


@some_lines
def test_an_absent_database_ends_it_with_the_next_step(line, manage):
    done = line(env={"DATABASE_URL": f"sqlite:///{manage.folder}/absent/db.sqlite3"})
    if line.name in WITHOUT_DATABASE:
        assert done.returncode == 0
        return
    assert done.returncode == 1
    assert re.search(r"Check that the folder exists|there is no file", done.stdout + done.stderr)
    assert "Traceback" not in done.stderr
