"""Turn what ends a process into one line and an exit code: signals, pipes, errors.

A command raises CommandError for what it knows. `run` takes care of what can happen to any
command, Django's own among them, and turns it into one line and an exit code:

====  ==========================================================================
code  meaning
====  ==========================================================================
0     all of it was done, also where a signal came after the commit, or where the
      result could not be printed then
1     it was not, or not all of it
2     the command line was wrong
129   the terminal was closed (SIGHUP)
130   Ctrl-C
141   the reader of stdout went away (`| head -1`) before everything was printed
143   SIGTERM
====  ==========================================================================

Explained in chapter 1; tested in shared_project/tests/test_process.py.
"""

import contextlib
import os
import signal
import sys
from importlib.util import find_spec
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from .errors import database_errors, explain_database_error, explain_os_error
from .output import discard_output
from .shutdown import SIGNALS, work_done

BROKEN_PIPE = 141


def run(argv: list[str], root: Path) -> int:
    """Run the command line `argv` as Django does; return the exit code of the process.

    `root` is the folder of `manage.py`: settings that are not in there are another project's.
    """
    _respect_no_color(argv)
    _repair_streams()
    _stop_on_signals()
    try:
        try:
            return _execute(argv, root)
        finally:
            _flush()
    except (KeyboardInterrupt, SystemExit) as stop:  # while the last output is written
        return _stopped(stop)
    except BrokenPipeError:
        return BROKEN_PIPE
    except OSError as error:
        if "--traceback" in argv:
            raise
        if work_done():
            return _cut_short(f"Cannot write the output ({error.strerror or error})")
        explanation = explain_os_error(error)
        if explanation is None:
            raise
        return _fail(explanation)
    finally:
        _drop_unwritable_output()


def ignore_signals() -> None:
    """Let no signal change the exit code any more: for the moment before the process ends."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _execute(argv, root):
    if problem := _settings_problem(argv, root):
        return _fail(problem)
    try:
        execute_from_command_line(argv)
    except SystemExit as stop:
        if stop.code is None:
            return 0
        if not isinstance(stop.code, int):
            return _fail(stop.code)
        return _stopped(stop) if stop.code - 128 in SIGNALS else stop.code
    except KeyboardInterrupt as stop:
        return _stopped(stop)
    except RuntimeError as error:
        # Until Python 3.12, this hides what a signal raises while a class is made: in an import.
        if isinstance(error.__cause__, (KeyboardInterrupt, SystemExit)):
            return _stopped(error.__cause__)
        raise
    except (ImproperlyConfigured, *database_errors()) as error:
        explanation = str(error)
        if not isinstance(error, ImproperlyConfigured):
            explanation = explain_database_error(error)
        if explanation is None or "--traceback" in argv:
            raise
        return _fail(explanation)
    return 0


def _settings_problem(argv, root):
    """Return what is wrong with the settings that are asked for; "" where they are ours."""
    name, source = os.environ.get("DJANGO_SETTINGS_MODULE", ""), "DJANGO_SETTINGS_MODULE"
    for argument, following in zip(argv, [*argv[1:], ""], strict=True):
        if argument == "--settings":
            name, source = following, argument
        elif argument.startswith("--settings="):
            name, source = argument.partition("=")[2], "--settings"
    top = name.partition(".")[0]
    try:
        # The top folder first: to look further, Python would run what is in there.
        spec = find_spec(top) if top else None
        ours = spec and root in {Path(place).parent.resolve() for place in _places(spec)}
        if ours and find_spec(name):
            return ""
    except (ImportError, ValueError):
        pass
    step = "unset DJANGO_SETTINGS_MODULE" if source != "--settings" else "leave it out"
    said = repr(name) if name else "empty"
    return f"{source} is {said}, and this project has no such settings. Try: {step}"


def _places(spec):
    """Return the files and folders that the module of `spec` may be in."""
    return [*(spec.submodule_search_locations or [spec.origin or ""])]


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


def _flush():
    # Now, not when the interpreter ends, where a failure can no longer be reported.
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (KeyboardInterrupt, SystemExit):
        # The reader of a full pipe may never come, and every later flush would wait for it.
        discard_output(sys.stdout)
        raise


def _drop_unwritable_output():
    # What a broken stream still buffers would fail again, with exit code 120, when the
    # interpreter closes it.
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            discard_output(stream)


def _stopped(stop):
    """Return the exit code after a signal, KeyboardInterrupt or SystemExit; say what it means."""
    ctrl_c = isinstance(stop, KeyboardInterrupt)
    if work_done():
        name = "Ctrl-C" if ctrl_c else signal.Signals(stop.code - 128).name
        return _cut_short(f"Stopped by {name}")
    return _say("Stopped by Ctrl-C.", code=128 + signal.SIGINT) if ctrl_c else stop.code


def _cut_short(reason):
    # What is not printed yet could be waiting for a reader that never comes.
    discard_output(sys.stdout)
    return _say(f"{reason}, but the work was done before: {work_done()}", code=0)


def _fail(message):
    return _say(f"Error: {message}", code=1)


def _say(message, *, code):
    # Where stderr is gone too there is nobody left to tell; the exit code still does.
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{message}\n")
    return code
