"""What belongs to the process and not to a command: signals, pipes, colors, exit codes.

A command raises CommandError for what it knows. `run` takes care of what can happen to any
command, Django's own among them, and turns it into one line and an exit code:

====  ==========================================================================
code  meaning
====  ==========================================================================
0     all of it was done
1     it was not, or not all of it
2     the command line was wrong
129   the terminal was closed (SIGHUP)
130   Ctrl-C
141   the reader of stdout went away (`| head -1`) before everything was printed
143   SIGTERM
====  ==========================================================================
"""

import contextlib
import os
import signal
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import DatabaseError, OperationalError, ProgrammingError, connections
from django.db.migrations.executor import MigrationExecutor

BROKEN_PIPE = 141

# What the drivers say, and the next step. The first match counts.
NEXT_STEPS = [
    ("unable to open database file", "Check that the folder exists and that you may write in it."),
    ("readonly database", "Check the permissions of the file and of its folder."),
    ("is not a database", "Check DATABASE_URL: the file is not an SQLite database."),
    ("disk is full", "Free some space, then run the command again."),
    ("no space left", "Free some space, then run the command again."),
    ("locked", "Another program holds it. Wait for it to end, then run the command again."),
    ("lock timeout", "Another session holds a lock. Run the command again when it has ended."),
    ("deadlock", "Another session wrote the same rows. Run the command again."),
    ("connection", "Check that the server is running and that DATABASE_URL is right."),
]


def run(argv: list[str]) -> int:
    """Run the command line `argv` as Django does; return the exit code of the process."""
    _respect_no_color(argv)
    _repair_streams()
    _stop_on_signals()
    try:
        try:
            return _execute(argv)
        finally:
            # Now, not when the interpreter ends, where a failure can no longer be reported.
            sys.stdout.flush()
            sys.stderr.flush()
    except BrokenPipeError:
        return BROKEN_PIPE
    except OSError as error:
        if "--traceback" in argv:
            raise
        return _fail(_explain_os_error(error))
    finally:
        _drop_unwritable_output()


def _execute(argv):
    try:
        execute_from_command_line(argv)
    except SystemExit as stop:
        if stop.code is None:
            return 0
        return stop.code if isinstance(stop.code, int) else _fail(stop.code)
    except KeyboardInterrupt:
        return _say("Stopped by Ctrl-C.", code=128 + signal.SIGINT)
    except (DatabaseError, ImproperlyConfigured) as error:
        if "--traceback" in argv:
            raise
        explanation = (
            explain_database_error(error) if isinstance(error, DatabaseError) else str(error)
        )
        if explanation is None:
            raise
        return _fail(explanation)
    return 0


def explain_database_error(error: DatabaseError) -> str | None:
    """Return one line that names the cause of `error` and the next step.

    Returns None where the operator could not have caused it: then it is a bug, and its
    traceback is what helps.
    """
    if isinstance(error, ProgrammingError) or "no such" in str(error):
        pending = _pending_migration()
        if pending is None:
            return None
        return (
            f"The database is behind the code (migration {pending} is not applied). "
            "Run: python manage.py migrate"
        )
    if not isinstance(error, OperationalError) and "is not a database" not in str(error):
        return None
    settings = connections["default"].settings_dict
    cause = str(error).splitlines()[0]
    step = next((step for words, step in NEXT_STEPS if words in cause.lower()), "")
    return f"Database {settings['NAME']}: {cause.rstrip('.')}. {step}".rstrip()


def _pending_migration():
    connection = connections["default"]
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return None
    finally:
        connection.close()
    return str(plan[0][0]) if plan else None


def _explain_os_error(error):
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}." if error.filename else f"{reason}."


def _respect_no_color(argv):
    # Django knows neither variable (https://no-color.org); its own one wins even against
    # --force-color, which the user may have typed for this one run.
    unwanted = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    if unwanted and "--force-color" not in argv:
        os.environ["DJANGO_COLORS"] = "nocolor"


def _repair_streams():
    # A process started with a closed stream (`>&-`) has None in its place.
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks is shown escaped; it never stops a command.
        stream.reconfigure(errors="backslashreplace")


def _stop_on_signals():
    # By default these two end Python on the spot: `finally` is skipped, buffered output lost.
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        # nohup ignores SIGHUP on purpose.
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _raise_exit)


def _raise_exit(number, frame):
    raise SystemExit(128 + number)


def _drop_unwritable_output():
    # What a broken stream still buffers would fail again, with exit code 120, when the
    # interpreter closes it.
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            devnull = os.open(os.devnull, os.O_WRONLY)
            os.dup2(devnull, stream.fileno())
            os.close(devnull)


def _fail(message):
    return _say(f"Error: {message}", code=1)


def _say(message, *, code):
    # Where stderr is gone too there is nobody left to tell; the exit code still does.
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{message}\n")
    return code
