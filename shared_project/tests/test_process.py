import contextlib
import errno
import os
import re
import runpy
import signal
import sqlite3
import sys
import types
from io import StringIO
from pathlib import Path

import pytest
from django.db import DataError, OperationalError

from shared_project.chapters import ROOT
from shared_project.toolkit import process

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
    monkeypatch.setattr(process, "discard_output", lambda _: None)

    def run(action, argv=ARGV):
        def execute(argv):
            if isinstance(action, BaseException):
                raise action

        monkeypatch.setattr(process, "execute_from_command_line", execute)
        code = process.run(argv, ROOT)
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


def error_of_a_class(stop):
    """Return the error of a class that is being made when a signal raises `stop`."""

    class Stopping:
        def __set_name__(self, owner, name):
            raise stop

    with pytest.raises(BaseException) as error:
        type("Model", (), {"field": Stopping()})
    return error.value


@pytest.mark.parametrize(
    ("stop", "end"),
    [(KeyboardInterrupt(), (130, "Stopped by Ctrl-C.\n")), (SystemExit(143), (143, ""))],
)
def test_a_signal_while_a_class_is_made_ends_it_as_ever(run, stop, end):
    assert run(error_of_a_class(stop)) == end


def test_a_bug_of_a_command_keeps_its_traceback(run):
    with pytest.raises(RuntimeError, match="^a bug$"):
        run(RuntimeError("a bug"))


def test_a_reader_that_left_is_141_and_quiet(run):
    assert run(BrokenPipeError(errno.EPIPE, "Broken pipe")) == (141, "")


def test_a_file_that_fails_is_named(run):
    error = PermissionError(errno.EACCES, "Permission denied", "/etc/shop.ini")
    assert run(error) == (1, "Error: /etc/shop.ini: Permission denied.\n")


def test_an_error_of_the_system_that_nobody_recognizes_keeps_its_traceback(run):
    with pytest.raises(OSError, match="cannot seek"):
        run(OSError("cannot seek"))


def test_a_bug_keeps_its_traceback(run):
    with pytest.raises(ZeroDivisionError):
        run(ZeroDivisionError())


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), OperationalError("locked")]
)
def test_traceback_shows_the_whole_story(run, error):
    with pytest.raises(type(error)):
        run(error, [*ARGV, "--traceback"])


def test_an_error_of_the_database_is_one_line_with_the_next_step(run):
    code, stderr = run(OperationalError("database is locked"))
    assert code == 1
    assert stderr.count("\n") == 1
    assert "database is locked. Another program holds it." in stderr


def test_an_error_of_the_driver_itself_is_one_line_too(run):
    code, stderr = run(sqlite3.OperationalError("database is locked"))
    assert (code, stderr.count("\n")) == (1, 1)


def test_an_error_that_no_operator_can_cause_keeps_its_traceback(run):
    with pytest.raises(DataError):
        run(DataError("value too long"))


@pytest.fixture
def committed(monkeypatch):
    monkeypatch.setattr(process, "work_done", lambda: "Changed 120 prices.")


@pytest.mark.parametrize(
    ("stop", "line"),
    [
        (KeyboardInterrupt(), "Stopped by Ctrl-C, but"),
        (SystemExit(143), "Stopped by SIGTERM, but"),
        (OSError(errno.ENOSPC, "No space left"), "Cannot write the output (No space left), but"),
        (OSError("gone"), "Cannot write the output (gone), but"),
    ],
)
def test_what_comes_after_the_commit_does_not_make_it_undone(run, committed, stop, line):
    assert run(stop) == (0, f"{line} the work was done before: Changed 120 prices.\n")


def test_after_the_commit_an_error_is_still_an_error(run, committed):
    assert run(SystemExit(1)) == (1, "")


def test_after_the_commit_a_reader_that_left_is_still_141(run, committed):
    assert run(BrokenPipeError(errno.EPIPE, "Broken pipe")) == (141, "")


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
    assert (process.wait(60), process.stdout.read()) == (143, "cleaned up\n")


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
    assert (process.wait(60), process.stderr.read()) == (141, "")


@pytest.mark.posix
def test_closed_streams_are_no_error(manage):
    def close():
        os.close(1)
        os.close(2)

    process = manage.start("greet", "Ada", 2, stdout=None, stderr=None, preexec_fn=close)
    assert process.wait(60) == 0


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


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "empty"),
        ("work.settings", "'work.settings'"),
        ("shared_project.setings", "'shared_project.setings'"),
        ("shared_project.settings.local", "'shared_project.settings.local'"),
        ("django.conf.global_settings", "'django.conf.global_settings'"),
        (".settings", "'.settings'"),
        ("a b", "'a b'"),
    ],
)
def test_settings_of_another_project_are_named(manage, name, said):
    done = manage("hello", env={"DJANGO_SETTINGS_MODULE": name})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"Error: DJANGO_SETTINGS_MODULE is {said}, and this project has no such settings. "
        "Try: unset DJANGO_SETTINGS_MODULE\n"
    )


@pytest.mark.parametrize("option", [["--settings", "work.local"], ["--settings=work.local"]])
def test_settings_on_the_command_line_are_named_too(manage, option):
    done = manage("hello", *option)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "Error: --settings is 'work.local', and this project has no such settings. "
        "Try: leave it out\n"
    )


def test_settings_of_this_project_are_obeyed(manage):
    name = "shared_project.settings"
    assert manage("hello", f"--settings={name}", env={"DJANGO_SETTINGS_MODULE": "x"}).stdout
    assert manage("hello", env={"DJANGO_SETTINGS_MODULE": name}).stdout


def run_main(monkeypatch, module):
    """Run manage.py with `module` in the place of the toolkit's; return the exit."""
    monkeypatch.setitem(sys.modules, "shared_project.toolkit.process", module)
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(ROOT / "manage.py"), run_name="__main__")
    return stop.value.code


def test_manage_py_without_django_says_what_helps(monkeypatch):
    assert "Is Django installed" in run_main(monkeypatch, None)


class Importing(types.ModuleType):
    def __init__(self, error):
        super().__init__("process")
        self.error = error

    def __getattr__(self, name):
        raise self.error


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), error_of_a_class(KeyboardInterrupt())], ids=["ever", "class"]
)
def test_ctrl_c_while_django_is_imported_is_one_line(monkeypatch, capsys, error):
    before = signal.getsignal(signal.SIGINT)
    try:
        assert run_main(monkeypatch, Importing(error)) == 130
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    assert capsys.readouterr().err == "Stopped by Ctrl-C.\n"


def test_a_bug_while_django_is_imported_keeps_its_traceback(monkeypatch):
    with pytest.raises(RuntimeError, match="^a bug$"):
        run_main(monkeypatch, Importing(RuntimeError("a bug")))


@pytest.mark.posix
def test_a_signal_at_the_very_end_does_not_change_the_exit_code(manage):
    code = (
        "import atexit, os, signal\n"
        "atexit.register(os.kill, os.getpid(), signal.SIGINT)\n"
        "atexit.register(os.kill, os.getpid(), signal.SIGTERM)"
    )
    done = manage(*python(code))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_wait_for_a_reader_that_never_comes(manage, number):
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 512)
    os.set_blocking(writer, True)
    code = "import sys; print('lost'); print('printed', file=sys.stderr, flush=True)"
    process = manage.start(*python(code), stdout=writer)
    os.close(writer)
    assert process.stderr.readline() == "printed\n"
    assert process.end_by(number) == 128 + number
    os.close(reader)
    assert "Traceback" not in process.stderr.read()


@pytest.mark.posix
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_stream_that_cannot_be_written_does_not_fail_again_at_the_end(manage, stream):
    code = f"import sys; sys.{stream}.write('lost')"
    with Path("/dev/full").open("w") as full:
        done = manage(*python(code), **{stream: full})
    assert done.returncode == 1
    assert "Exception ignored" not in str(done.stderr)
