"""What the expectations of an exercise are written with: pytest fixtures.

An expectation is a test in an exercise's `expectations.py`. It says what was run, what was
expected and what happened. It works on an empty shop in memory, without a transaction around it:
inside one, transactional code behaves otherwise.
"""

import contextlib
import datetime
import inspect
import io
import logging
import re
import shlex
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from importlib.util import decode_source, module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from django.core import mail
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.models import QuerySet
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone

WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
PRACTICE = re.compile(r"practice(\.|$)")
SECONDS_OF_WORK = 2
# For the runs after one that went on for longer: what they are for is known by then.
SECONDS_AFTER_THAT = 0.2


class UnmetError(AssertionError):
    """An expectation that does not hold: what was run, what was expected, what happened."""

    def __init__(self, ran: str, expected: str, happened: str):
        self.ran, self.expected, self.happened = ran, expected, happened
        super().__init__(f"ran {ran}; expected {expected}; happened {happened}")


class LoadError(Exception):
    """The learner's file cannot be loaded."""


class MissingError(LoadError):
    """The learner's file is not there."""


class Stopped(BaseException):
    """A signal has come from outside: it ends the check, and is none of the learner's."""


class StillRunning(BaseException):
    """The learner's code has worked for too long; no `except Exception` may swallow it."""


class Stream(io.StringIO):
    """A standard stream of the process; `tty` says whether it is a terminal."""

    def __init__(self, text: str = "", tty: bool = False):
        super().__init__(text)
        self.tty = tty

    def isatty(self):
        return self.tty


class Ran:
    """What a run has left: its streams, its exit code, and the exception that nobody caught.

    `read` is what it has read of its stdin.
    """

    def __init__(self, line, stdout, stderr, code, crash=None, read=""):
        self.line, self.stdout, self.stderr = line, stdout, stderr
        self.code, self.crash, self.read = code, crash, read

    def __repr__(self):
        return f"<{self.line}: exit code {self.code}>"


def load(path: Path) -> type[BaseCommand]:
    """Return the class `Command` of a file, loaded anew. Raises LoadError."""
    check_file(path)
    name = f"practice.management.commands.{path.stem}"
    spec = spec_from_file_location(name, path)
    module = module_from_spec(spec)
    try:
        # The modules beside it are found as they are for the real command.
        with _packages(path):
            spec.loader.exec_module(module)
    except SystemExit as stop:
        raise LoadError("it ends Python while it is loaded") from stop
    except Exception as error:
        raise LoadError(str(error)) from error
    command = getattr(module, "Command", None)
    if not inspect.isclass(command):
        raise LoadError(f"{path.name} has no class Command.")
    return command


def check_file(path: Path) -> None:
    """Raise LoadError for what is no file of Python text."""
    try:
        content = path.read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        raise MissingError(f"There is no file {path.name} in {path.parent}.") from None
    except OSError as error:
        raise LoadError(f"{path}: {error.strerror}.") from None
    try:
        text = decode_source(content)
    except (UnicodeDecodeError, SyntaxError):
        text = "\0"
    if "\0" in text:
        raise LoadError(f"{path.name} is not text in UTF-8. Save it as UTF-8 in your editor.")


@contextlib.contextmanager
def _packages(path):
    before = {name: sys.modules.pop(name) for name in filter(PRACTICE.match, [*sys.modules])}
    parent = str(path.parents[3]) if path.parents[2].name == "practice" else str(path.parents[2])
    sys.path.insert(0, parent)
    try:
        yield
    finally:
        sys.path.remove(parent)
        for name in filter(PRACTICE.match, [*sys.modules]):
            del sys.modules[name]
        sys.modules.update(before)


@contextlib.contextmanager
def installed(name: str, command: BaseCommand | str) -> Iterator[None]:
    """Let `call_command` find `command`, or the command of that app, by `name`."""
    commands = get_commands()
    before = commands.get(name)
    commands[name] = command
    try:
        yield
    finally:
        if before is None:
            del commands[name]
        else:
            commands[name] = before


class Run:
    """Run the learner's command as the command line does, in this process."""

    def __init__(self, name: str, path: Path):
        self.name, self.path, self.seconds = name, path, SECONDS_OF_WORK

    def __call__(self, *args, tty=False, stdin="") -> Ran:
        """Return what came of `python manage.py NAME ARGS`.

        `tty` says whether its streams are a terminal, or names the only one that is: `"stderr"`.
        """
        line = shlex.join(["python", "manage.py", self.name, *map(str, args)])
        out, err, in_ = (tty in (True, name) for name in ("stdout", "stderr", "stdin"))
        streams = Stream(tty=out), Stream(tty=err), Stream(stdin, tty=in_)
        before = sys.stdout, sys.stderr, sys.stdin
        sys.stdout, sys.stderr, sys.stdin = streams
        code, crash = 0, None
        try:
            with limited_work(self.seconds), log_of_its_own():
                command = load(self.path)()
                with installed(self.name, command):
                    self._execute(command, [*map(str, args)])
        except CommandError as error:
            code = error.returncode
            streams[1].write(f"CommandError: {error}\n")
        except SystemExit as stop:
            code = _code_of(stop, streams[1])
        except KeyboardInterrupt:
            code = 130
        except LoadError:
            raise
        except StillRunning as error:
            self.seconds = SECONDS_AFTER_THAT
            _let_go(error)
            raise
        except Exception as error:
            code, crash = 1, error
            _let_go(error)
        finally:
            sys.stdout, sys.stderr, sys.stdin = before
        read = streams[2].getvalue()[: streams[2].tell()]
        return Ran(line, streams[0].getvalue(), streams[1].getvalue(), code, crash, read)

    def _execute(self, command, args):
        command._called_from_command_line = True
        parser = command.create_parser("manage.py", self.name)
        options = vars(parser.parse_args(args))
        positionals = options.pop("args", ())
        options["skip_checks"] = True
        command.execute(*positionals, **options)

    def ok(self, *args, **options) -> Ran:
        """Run; fail unless the exit code is 0."""
        ran = self(*args, **options)
        if ran.code or ran.crash:
            raise UnmetError(ran.line, "exit code 0", _ending(ran))
        return ran

    def refused(self, *args, code=1, **options) -> Ran:
        """Run; fail unless the exit code is `code`, without a traceback."""
        ran = self(*args, **options)
        if ran.code != code or ran.crash:
            raise UnmetError(ran.line, f"exit code {code}, and no traceback", _ending(ran))
        return ran

    def call(self, *args, **options) -> Ran:
        """Call it as code does: what it writes to its caller's streams, and what it raises."""
        words = [repr(self.name), *map(repr, args)]
        words += [f"{key}={value!r}" for key, value in options.items()]
        stdout, stderr, crash = io.StringIO(), io.StringIO(), None
        try:
            with (
                limited_work(),
                contextlib.redirect_stdout(Stream()),
                contextlib.redirect_stderr(Stream()),
            ):
                command = load(self.path)()
                with installed(self.name, command):
                    call_command(command, *args, stdout=stdout, stderr=stderr, **options)
        except LoadError:
            raise
        except (Exception, SystemExit) as error:
            crash = error
            _let_go(error)
        line = f"call_command({', '.join(words)})"
        code = 0 if crash is None else 1
        return Ran(line, stdout.getvalue(), stderr.getvalue(), code, crash)


def _let_go(error):
    # The frames would keep a query open that was not read to its end, and the shop in use.
    traceback.clear_frames(error.__traceback__)


def _code_of(stop, stderr):
    if stop.code is None or isinstance(stop.code, int):
        return stop.code or 0
    stderr.write(f"{stop.code}\n")
    return 1


def _ending(ran):
    if ran.crash:
        return f"a traceback: {type(ran.crash).__name__}: {ran.crash}"
    last = [line for line in ran.stderr.splitlines() if line.strip()][-1:]
    return f"exit code {ran.code}" + (f", {last[0]}" if last else "")


@contextlib.contextmanager
def limited_work(seconds: float = SECONDS_OF_WORK) -> Iterator[None]:
    """Raise StillRunning in the block after so many seconds of the CPU's time.

    Where there is no such timer (Windows), nothing is done.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not hasattr(signal, "setitimer") or not in_main_thread:
        yield
        return

    def stop(number, frame):
        raise StillRunning

    try:
        before = signal.signal(signal.SIGVTALRM, stop)
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    except (OSError, ValueError, AttributeError):
        yield
        return
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@contextlib.contextmanager
def log_of_its_own() -> Iterator[None]:
    """Begin without the handlers of pytest, and without those of the run before."""
    root = logging.getLogger()
    before, level, root.handlers = root.handlers, root.level, []
    try:
        yield
    finally:
        root.handlers = before
        root.setLevel(level)


@contextlib.contextmanager
def before_writes(function: Callable[[str], None]) -> Iterator[None]:
    """Call `function` with the SQL of each statement that writes, right before it."""

    def wrap(execute, sql, parameters, many, context):
        if sql.startswith(WRITES):
            function(sql)
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(wrap):
        yield


class Kit:
    """The pytest plugin with the fixtures, for one check of one exercise."""

    def __init__(self, name: str, path: Path, restore: Callable[[], None]):
        self.name, self.path, self.restore = name, path, restore
        self._run = Run(name, path)

    @pytest.fixture(autouse=True)
    def _fresh_shop(self):
        self.restore()
        mail.outbox = []

    @pytest.fixture
    def root(self):
        """The folder of the learner's files."""
        return self.path.parents[2]

    @pytest.fixture
    def run(self):
        return self._run

    @pytest.fixture
    def expect(self):
        """Fail with the three parts of a verdict unless two values are the same."""

        def expect(ran, label, got, wanted):
            if got != wanted:
                line = ran.line if isinstance(ran, Ran) else str(ran)
                happened = f"{label}: {_shown(got)}"
                if isinstance(ran, Ran) and ran.crash:
                    happened = _ending(ran)
                raise UnmetError(line, f"{label}: {_shown(wanted)}", happened)

        return expect

    @pytest.fixture
    def stop_at(self):
        """Return a context manager: raise `error` right before the n-th statement that writes."""

        @contextlib.contextmanager
        def stop_at(n, error=KeyboardInterrupt, table=""):
            count = 0

            def stop(sql):
                nonlocal count
                count += table in sql
                if count == n and table in sql:
                    raise error

            with before_writes(stop):
                yield

        return stop_at

    @pytest.fixture
    def stop_when(self):
        """Return a context manager: raise `error` before a write for which `condition` holds."""

        @contextlib.contextmanager
        def stop_when(condition, error=KeyboardInterrupt):
            def stop(sql):
                if condition(sql):
                    raise error

            with before_writes(stop):
                yield

        return stop_when

    @pytest.fixture
    def meanwhile(self, monkeypatch):
        """Return a context manager: another session's `change` right before the n-th write.

        Or before the n-th statement whose SQL `before` says yes to. If the command has locked its
        rows, by a query with `select_for_update` in a transaction, the other session waits until
        that transaction ends.
        """

        @contextlib.contextmanager
        def meanwhile(change, n=1, before=lambda sql: sql.startswith(WRITES)):
            state = {"count": 0, "asked": False, "locked": False, "done": False}
            original = SQLCompiler.as_sql

            def as_sql(compiler, *args, **kwargs):
                # Here and not in the queryset: `delete()` and `count()` drop the lock.
                state["asked"] |= compiler.query.select_for_update and connection.in_atomic_block
                return original(compiler, *args, **kwargs)

            def wrap(execute, sql, parameters, many, context):
                asked, state["asked"] = state["asked"], False
                state["locked"] &= connection.in_atomic_block
                if not state["done"]:
                    state["count"] += bool(before(sql))
                    if state["count"] >= n and not state["locked"]:
                        state["done"] = True
                        change()
                result = execute(sql, parameters, many, context)
                state["locked"] |= asked and sql.startswith("SELECT")
                return result

            with monkeypatch.context() as patch, connection.execute_wrapper(wrap):
                patch.setattr(SQLCompiler, "as_sql", as_sql)
                yield
            if not state["done"]:
                change()

        return meanwhile

    @pytest.fixture
    def writes(self):
        """The list of how many rows each statement has written so far."""
        counts = []

        def wrap(execute, sql, parameters, many, context):
            result = execute(sql, parameters, many, context)
            if sql.startswith(WRITES):
                counts.append(context["cursor"].rowcount)
            return result

        with connection.execute_wrapper(wrap):
            yield counts

    @pytest.fixture
    def fetches(self, monkeypatch):
        """The list of how many rows each queryset has held in memory."""
        counts = []
        original = QuerySet._fetch_all

        def fetch_all(queryset):
            original(queryset)
            counts.append(len(queryset._result_cache))

        monkeypatch.setattr(QuerySet, "_fetch_all", fetch_all)
        return counts

    @pytest.fixture
    def clock(self, monkeypatch):
        """Time that stands still until `advance(seconds)`; `set_back` moves the wall's clock."""
        return Clock(monkeypatch)

    @pytest.fixture
    def fakes(self):
        """Return a function that puts `function(**options)` in the place of a command."""
        with contextlib.ExitStack() as stack:

            def fake(name, function):
                stack.enter_context(installed(name, _fake(function)))

            yield fake

    @pytest.fixture
    def mailoutbox(self):
        return mail.outbox


class Clock:
    def __init__(self, monkeypatch):
        self.seconds, self.offset = 1000.0, 0.0
        self.start = timezone.now()
        wall = time.time()
        monkeypatch.setattr(time, "monotonic", lambda: self.seconds)
        monkeypatch.setattr(time, "perf_counter", lambda: self.seconds)
        monkeypatch.setattr(time, "time", lambda: wall + self.seconds - 1000 + self.offset)
        for name in ("monotonic", "perf_counter", "time"):
            read = getattr(time, name)
            monkeypatch.setattr(time, f"{name}_ns", lambda read=read: int(read() * 1_000_000_000))
        monkeypatch.setattr(timezone, "now", self.now)
        monkeypatch.setattr(datetime, "datetime", _datetime(self))

    def now(self):
        return self.start + datetime.timedelta(seconds=self.seconds - 1000 + self.offset)

    def advance(self, seconds):
        self.seconds += seconds

    def set_back(self, seconds):
        self.offset -= seconds


def _datetime(clock):
    """Return a stand-in for `datetime.datetime` whose `now` reads the clock."""
    real = datetime.datetime

    class Real(type):
        def __instancecheck__(cls, instance):
            return isinstance(instance, real)

        def __subclasscheck__(cls, subclass):
            return issubclass(subclass, real)

    class Datetime(real, metaclass=Real):
        def __new__(cls, *args, **kwargs):
            return real(*args, **kwargs)

        @classmethod
        def now(cls, tz=None):
            now = clock.now().astimezone(tz)
            return now if tz else now.replace(tzinfo=None)

    return Datetime


def _fake(function):
    class Command(BaseCommand):
        def add_arguments(self, parser):
            parser.add_argument("arguments", nargs="*")
            parser.add_argument("--days", type=int)

        def handle(self, *args, **options):
            return function(self, **options)

    return Command()


def _shown(value):
    if isinstance(value, (list, tuple, set)):
        return ", ".join(map(str, sorted(value) if isinstance(value, set) else value)) or "nothing"
    return str(value) if not isinstance(value, str) or value.strip() else "nothing"
