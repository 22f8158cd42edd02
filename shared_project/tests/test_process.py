import errno
import os
import re
import signal
from io import StringIO

import pytest
from django.db import DataError, OperationalError, ProgrammingError, connection

from shared_project import process

ARGV = ["manage.py", "hello"]


def python(code):
    """Return arguments for `manage.py shell` that run `code`."""
    return ["shell", "--no-imports", "-v", "0", "-c", code]


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a command line whose execution is replaced by `action`; return code and stderr."""
    monkeypatch.setattr(process, "_repair_streams", lambda: None)
    monkeypatch.setattr(process, "_stop_on_signals", lambda: None)
    monkeypatch.setattr(process, "_drop_unwritable_output", lambda: None)

    def run(action, argv=ARGV):
        def execute(argv):
            if isinstance(action, BaseException):
                raise action

        monkeypatch.setattr(process, "execute_from_command_line", execute)
        code = process.run(argv)
        return code, capsys.readouterr().err

    return run


def test_success_is_0(run):
    assert run(None) == (0, "")


@pytest.mark.parametrize("code", [0, 1, 2, 3])
def test_the_code_of_a_command_is_the_code_of_the_process(run, code):
    assert run(SystemExit(code)) == (code, "")


def test_an_exit_without_a_code_is_success(run):
    assert run(SystemExit()) == (0, "")


def test_an_exit_with_a_text_prints_it(run):
    assert run(SystemExit("No such thing.")) == (1, "Error: No such thing.\n")


def test_ctrl_c_is_130_and_one_line(run):
    assert run(KeyboardInterrupt()) == (130, "Stopped by Ctrl-C.\n")


def test_a_reader_that_left_is_141_and_quiet(run):
    assert run(BrokenPipeError(errno.EPIPE, "Broken pipe")) == (141, "")


def test_a_file_that_fails_is_named(run):
    error = PermissionError(errno.EACCES, "Permission denied", "/etc/shop.ini")
    assert run(error) == (1, "Error: /etc/shop.ini: Permission denied.\n")


def test_an_error_without_a_number_still_says_something(run):
    assert run(OSError("cannot seek")) == (1, "Error: cannot seek.\n")


def test_a_bug_keeps_its_traceback(run):
    with pytest.raises(ZeroDivisionError):
        run(ZeroDivisionError())


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), OperationalError("locked")]
)
def test_traceback_shows_the_whole_story(run, error):
    with pytest.raises(type(error)):
        run(error, [*ARGV, "--traceback"])


@pytest.mark.parametrize(
    ("cause", "step"),
    [
        ("database is locked", "Wait for it to end"),
        ("unable to open database file", "Check that the folder exists"),
        ("attempt to write a readonly database", "Check the permissions"),
        ("database or disk is full", "Free some space"),
        ("canceling statement due to lock timeout", "Another session holds a lock"),
        ("deadlock detected\nDETAIL: Process 1 waits", "Run the command again"),
        ('connection failed: FATAL: database "x" does not exist', "DATABASE_URL is right"),
    ],
)
def test_an_operational_error_is_one_line_with_the_next_step(run, cause, step):
    code, stderr = run(OperationalError(cause))
    assert code == 1
    assert stderr.count("\n") == 1
    assert cause.splitlines()[0] in stderr
    assert step in stderr


def test_an_unknown_operational_error_is_still_one_line(run):
    code, stderr = run(OperationalError("out of shared memory."))
    assert code == 1
    assert stderr == f"Error: Database {connection.settings_dict['NAME']}: out of shared memory.\n"


def test_an_error_that_no_operator_can_cause_keeps_its_traceback(run):
    with pytest.raises(DataError):
        run(DataError("value too long"))


@pytest.mark.django_db
def test_a_query_on_a_migrated_database_that_fails_is_a_bug(run):
    with pytest.raises(ProgrammingError):
        run(ProgrammingError("syntax error"))


def test_where_migrations_cannot_be_read_the_traceback_stays(run, monkeypatch):
    def fail(connection):
        raise OperationalError("gone")

    monkeypatch.setattr(process, "MigrationExecutor", fail)
    with pytest.raises(OperationalError, match="no such table"):
        run(OperationalError("no such table: shop_product"))


def test_a_stderr_that_is_gone_changes_no_exit_code(run, monkeypatch):
    class Gone(StringIO):
        def write(self, text):
            raise BrokenPipeError

    monkeypatch.setattr("sys.stderr", Gone())
    assert run(SystemExit("lost"))[0] == 1


def test_an_unmigrated_database_names_the_next_command(manage):
    manage.database.touch()
    done = manage("load_demo")
    assert done.returncode == 1
    assert re.fullmatch(
        r"Error: The database is behind the code \(migration \S+ is not applied\)\. "
        r"Run: python manage\.py migrate\n",
        done.stderr,
    )


def test_a_file_that_is_no_database_is_named(manage):
    manage.database.write_bytes(b"not a database" * 100)
    done = manage("migrate")
    assert done.returncode == 1
    assert done.stderr.endswith("Check DATABASE_URL: the file is not an SQLite database.\n")
    assert done.stderr.count("\n") == 1


def test_a_bad_database_url_is_one_line(manage):
    manage.database.touch()
    done = manage("hello", env={"DATABASE_URL": "nonsense://x"})
    assert done.returncode == 1
    assert done.stderr.startswith("Error: DATABASE_URL: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.posix
def test_sigterm_runs_finally_and_is_143(manage):
    code = (
        "import time\ntry: print('on', flush=True); time.sleep(30)\nfinally: print('cleaned up')"
    )
    process = manage.start(*python(code))
    assert process.stdout.readline() == "on\n"
    process.send_signal(signal.SIGTERM)
    assert (process.wait(10), process.stdout.read()) == (143, "cleaned up\n")


@pytest.mark.posix
def test_nohup_is_respected(manage):
    code = "import signal; print(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN)"
    previous = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        done = manage(*python(code))
    finally:
        signal.signal(signal.SIGHUP, previous)
    assert done.stdout == "True\n"


@pytest.mark.posix
def test_a_closed_pipe_ends_a_command_of_djangos_quietly(manage):
    reader, writer = os.pipe()
    os.close(reader)
    process = manage.start("diffsettings", "--all", stdout=writer)
    os.close(writer)
    assert (process.wait(10), process.stderr.read()) == (141, "")


@pytest.mark.posix
def test_closed_streams_are_no_error(manage):
    def close():
        os.close(1)
        os.close(2)

    process = manage.start("greet", "Ada", 2, stdout=None, stderr=None, preexec_fn=close)
    assert process.wait(10) == 0


def test_a_name_that_the_encoding_lacks_is_escaped(manage):
    done = manage("greet", "Zoë", 1, env={"PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stdout) == (0, "Hello, Zo\\xeb!\n")


@pytest.mark.posix
@pytest.mark.parametrize(
    ("env", "options", "colored"),
    [
        ({}, [], True),
        ({"NO_COLOR": "1"}, [], False),
        ({"NO_COLOR": ""}, [], True),
        ({"TERM": "dumb"}, [], False),
        ({}, ["--no-color"], False),
        ({"NO_COLOR": "1"}, ["--force-color"], True),
    ],
)
def test_no_color_is_obeyed_by_djangos_commands_too(manage, env, options, colored):
    done = manage.terminal("showmigrations", "shop", *options, env=env)
    assert done.returncode == 0
    assert ("\x1b[" in done.stdout) == colored


def test_manage_py_without_django_says_what_helps(tmp_path, monkeypatch):
    import runpy
    import sys

    from shared_project.chapters import ROOT

    monkeypatch.setitem(sys.modules, "shared_project.process", None)
    with pytest.raises(SystemExit, match="Is Django installed"):
        runpy.run_path(str(ROOT / "manage.py"), run_name="__main__")
