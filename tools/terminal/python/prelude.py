"""What every Python process in the page finds. Runs once, before the memory is copied.

Nothing here is part of the course: it stands in for what a browser lacks. `main` is one process,
from its command line to its exit code.
"""

import asyncio
import atexit
import code
import concurrent.futures
import contextlib
import errno
import getpass
import hashlib
import io
import json
import multiprocessing.pool
import multiprocessing.process
import os
import platform
import random
import re
import runpy
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import tomllib
import weakref
from asyncio import events

import django
import js
import tqdm
from asgiref.local import Local
from django.apps import apps
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.core.management.commands import migrate
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate
from pyodide import webloop
from pyodide.ffi import JsException, can_run_sync, run_sync, to_js

COURSE = {}  # what course.mjs says of it
NO_PROCESS = "A browser cannot start another process"
NO_SOCKET = "A browser cannot open a connection of its own"
NO_THREAD = "A browser runs Python in one thread"
NO_KEY = "This browser cannot wait for a key"


def elsewhere(sentence):
    return f"{sentence}: {COURSE['elsewhere']}"


def wait(function, *arguments):
    """Call a function of the worker's, and wait for what it promises."""
    # A coroutine that waits must not be seen by the running loop of the program.
    running = events._get_running_loop()
    events._set_running_loop(None)
    # While this process waits, Pyodide's loop runs, and Ctrl-C is not for it.
    js.host.begin_wait()
    try:
        answer = function(*arguments)
        return run_sync(answer) if hasattr(answer, "then") else answer
    finally:
        events._set_running_loop(running)
        if number := js.host.end_wait():
            signal.raise_signal(number)


class Terminal(io.RawIOBase):
    """What is typed, a line at a time."""

    def __init__(self):
        self.rest = b""
        self.secret = False

    def readable(self):
        return True

    def isatty(self):
        return True

    def readinto(self, buffer):
        if not self.rest:
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            line = wait(js.host.ask, self.secret)
            if line == "\x03":
                signal.raise_signal(signal.SIGINT)
                raise KeyboardInterrupt
            self.rest = line.encode()
        count = min(len(buffer), len(self.rest))
        buffer[:count], self.rest = self.rest[:count], self.rest[count:]
        return count


class Given(io.RawIOBase):
    """What the shell feeds in: a file, or the output of another command."""

    def readable(self):
        return True

    def readinto(self, buffer):
        piece = js.host.read(len(buffer)).to_bytes()
        buffer[: len(piece)] = piece
        return len(piece)


def read_password(prompt="Password: ", stream=None, *, echo_char=None):
    terminal = sys.stdin.buffer.raw
    print(prompt, end="", file=stream or sys.stderr, flush=True)
    terminal.secret = True
    try:
        line = sys.stdin.readline()
    finally:
        terminal.secret = False
    if not line:
        raise EOFError
    return line.rstrip("\n")


busy_wait = time.sleep


def sleep(seconds):
    """Give the page a turn meanwhile, so that output is drawn and Ctrl-C is seen."""
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    if not can_run_sync():
        busy_wait(seconds)
        return
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        wait(js.host.sleep, left * 1000)


def set_timer(which, seconds, interval=0.0):
    """Have the signal of a timer sent once, after so many seconds; 0 takes that back.

    Whatever it is to measure, it measures the time on the wall.
    """
    number = {signal.ITIMER_VIRTUAL: signal.SIGVTALRM, signal.ITIMER_PROF: signal.SIGPROF}
    js.host.set_alarm(number.get(which, signal.SIGALRM) if seconds else 0, seconds * 1000)


HASHES = {"sha1": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}


def derive_key(hash_name, password, salt, iterations, dklen=None):
    """Return what hashlib.pbkdf2_hmac does, which needs OpenSSL; a browser can do it, too."""
    if not can_run_sync():
        raise OSError(errno.ENOTSUP, elsewhere(NO_KEY))
    size = hashlib.new(hash_name).digest_size if dklen is None else dklen
    texts = [to_js(bytes(text)) for text in (password, salt)]
    return wait(js.deriveKey, HASHES[hash_name], *texts, iterations, size).to_bytes()


class Timers:
    """The part of an event loop that waits; without sockets there is nothing but time."""

    def select(self, timeout=None):
        if timeout:
            sleep(min(timeout, 0.05))
        return []

    def close(self):
        pass


class Loop(asyncio.base_events.BaseEventLoop):
    def __init__(self):
        super().__init__()
        self._selector = Timers()

    def _process_events(self, event_list):
        pass

    def _write_to_self(self):
        pass

    def run_in_executor(self, executor, function, *arguments):
        future = self.create_future()
        events._set_running_loop(None)
        try:
            future.set_result(function(*arguments))
        except BaseException as error:
            future.set_exception(error)
        finally:
            events._set_running_loop(self)
        return future


def run_coroutine(main, *, debug=None, loop_factory=None):
    with asyncio.runners.Runner(debug=debug, loop_factory=Loop) as runner:
        return runner.run(main)


def submit(self, function, /, *arguments, **options):
    future = concurrent.futures.Future()
    future.set_running_or_notify_cancel()
    try:
        future.set_result(function(*arguments, **options))
    except BaseException as error:
        future.set_exception(error)
    return future


class Pool:
    """A pool of threads that does its work at once, in the order in which it comes."""

    def __init__(self, *arguments, **options):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def apply_async(self, function, args=(), kwds=None, callback=None, error_callback=None):
        return Done(function, args, kwds or {}, callback, error_callback)


@contextlib.contextmanager
def own_connections():
    """Let what runs inside find no database connection open, as it would in another thread."""
    before = connections._connections
    connections._connections = Local(connections.thread_critical)
    try:
        yield
    finally:
        connections._connections = before


class Done:
    """What `apply_async` promises, kept already."""

    def __init__(self, function, arguments, options, callback, error_callback):
        self.value = self.error = None
        try:
            with own_connections():
                self.value = function(*arguments, **options)
        except Exception as error:
            self.error = error
        call, result = (error_callback, self.error) if self.error else (callback, self.value)
        if call:
            call(result)

    def get(self, timeout=None):
        if self.error:
            raise self.error
        return self.value

    def wait(self, timeout=None):
        pass

    def ready(self):
        return True

    def successful(self):
        return not self.error


def refuse_process(*arguments, **options):
    raise OSError(errno.ENOTSUP, elsewhere(NO_PROCESS))


def refuse_socket(*arguments, **options):
    raise OSError(errno.ENOTSUP, elsewhere(NO_SOCKET))


def refuse_thread(*arguments, **options):
    raise RuntimeError(elsewhere(NO_THREAD))


def start_thread(self):
    """Do the work of a thread that nobody joins at once; refuse any other."""
    if not (self.daemon and self._target):
        refuse_thread()
    with own_connections():
        self.run()


def wait_alone(self, timeout=None):
    """Wait for what only another thread could say: in vain, and without an end never."""
    if timeout is None:
        refuse_thread()
    sleep(max(0, timeout))
    return False


def names_of_tables(connection):
    """Return the names of the tables that the page shows."""
    found = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    prefix, others = COURSE["prefix"], COURSE["tables"]
    return [name for (name,) in found.fetchall() if name.startswith(prefix) or name in others]


FLAT = r'[^\[\]{}"]++|"(?:[^"\\]|\\.)*+"'
# A value, or its beginning if it is neither an array nor an object; nested, but not deeply.
nested = FLAT
for _ in range(20):
    nested = rf"{FLAT}|[\[{{](?:{nested})*+[\]}}]"
SHALLOW = re.compile(rf"[^\[{{]|{nested}", re.DOTALL)


def make_scanner(context):
    """Return json's scanner in Python, which has that in C scan what is not nested deeply.

    The browser's stack is smaller than what the one in C counts on: text nested too deeply would
    end Python, where this one raises RecursionError.
    """
    scan = json.scanner.c_make_scanner(context)
    memo = {}

    def scan_once(text, index):
        if index >= len(text) or SHALLOW.match(text, index):
            return scan(text, index)
        begin = (text, index + 1)
        if text[index] == "[":
            return context.parse_array(begin, scan_once)
        hooks = context.object_hook, context.object_pairs_hook
        return context.parse_object(begin, context.strict, scan_once, *hooks, memo)

    def scan_and_forget(text, index):
        try:
            return scan_once(text, index)
        finally:
            memo.clear()

    return scan_and_forget


class Late:
    """Wait for the modules that come after the first command, or as soon as one is imported.

    Until then their files are empty, so that folders list them.
    """

    def __init__(self):
        self.names = self.read_names()

    def find_spec(self, name, path=None, target=None):
        if name in self.names and can_run_sync() and (modules := js.host.complete()):
            try:
                wait(lambda: modules)
            except JsException:
                # Offline, perhaps. The next process tries again.
                raise ImportError(f"{name} could not be fetched", name=name) from None

    def read_names(self):
        try:
            with open("/bytecode/late.txt") as files:
                paths = files.read().split("\n")
        except FileNotFoundError:
            return set()  # all modules came at once
        inside = (re.sub(r"^lib/python3\.14/(site-packages/)?", "", path) for path in paths)
        return {re.sub(r"(/__init__)?\.py$", "", path).replace("/", ".") for path in inside}


# --- pytest's database ---

TEMPLATES = "/bytecode/migrated"
migrate_step_by_step = migrate.Command.handle


def migrate_by_copy(command, *labels, **options):
    """Migrate pytest's empty database by a copy of what that came to before."""
    connection = connections[options["database"]]
    if not is_usual(connection, options):
        return migrate_step_by_step(command, *labels, **options)
    file = f"{TEMPLATES}/{digest_of_course()}.sqlite3"
    if not os.path.exists(file):
        migrate_step_by_step(command, *labels, **options)
        os.makedirs(TEMPLATES, exist_ok=True)
        with contextlib.closing(sqlite3.connect(file)) as template:
            connection.connection.backup(template)
        return None
    with contextlib.closing(sqlite3.connect(file)) as template:
        template.backup(connection.connection)
    if apps.is_installed("django.contrib.contenttypes"):
        # They are in memory after a migration, and cost no query.
        types = apps.get_model("contenttypes", "ContentType").objects
        types.get_for_models(*apps.get_models(), for_concrete_models=False)
    return None


def is_usual(connection, options):
    """Tell whether nobody would notice the difference."""
    return (
        options["run_syncdb"]
        and not options["verbosity"]
        and connection.vendor == "sqlite"
        and connection.is_in_memory_db()
        and not connection.introspection.table_names()
        and all(is_of_django(one) for one in [*pre_migrate.receivers, *post_migrate.receivers])
    )


def is_of_django(connected):
    receiver = connected[1]
    if isinstance(receiver, weakref.ReferenceType):
        receiver = receiver()
    return receiver is None or (receiver.__module__ or "").startswith("django.")


def digest_of_course():
    """Return a digest of what a migration may depend on."""
    stamps = []
    for top in COURSE["sources"]:
        for folder, _, names in os.walk(f"{COURSE['home']}/{top}"):
            for name in names:
                found = os.lstat(path := f"{folder}/{name}")
                stamps.append((path, found.st_size, found.st_mtime_ns))
    installed = [config.name for config in apps.get_app_configs()]
    versions = [django.__version__, sqlite3.sqlite_version]
    whole = [sorted(stamps), installed, settings.MIGRATION_MODULES, versions]
    return hashlib.sha256(repr(whole).encode()).hexdigest()[:16]


# A memory that does not refer to it is not taken up again.
schedule_at_any_rate = webloop.scheduleCallback


def schedule(callback, milliseconds):
    js.host.schedule(callback, milliseconds)


def install(course):
    """Put the stand-ins in their places. `course` is what they are told of it."""
    COURSE.update(course)
    getpass.getpass = read_password
    hashlib.pbkdf2_hmac = derive_key
    time.sleep = sleep
    signal.setitimer = set_timer
    # A callback that outlives its process would meet the memory of the next one.
    webloop.scheduleCallback = schedule
    asyncio.run = asyncio.runners.run = run_coroutine
    asyncio.new_event_loop = events.new_event_loop = Loop
    concurrent.futures.ThreadPoolExecutor.submit = submit
    multiprocessing.pool.ThreadPool = Pool
    subprocess.Popen.__init__ = multiprocessing.process.BaseProcess.start = refuse_process
    os.system = os.fork = os.execv = os.execve = refuse_process
    Loop.subprocess_exec = Loop.subprocess_shell = refuse_process
    socket.socket.connect = socket.socket.bind = refuse_socket
    socket.getaddrinfo = refuse_socket
    threading.Thread.start = start_thread
    threading.Condition.wait = wait_alone  # which Event, Semaphore and Queue wait with
    tqdm.tqdm.monitor_interval = 0  # the monitor is a thread
    json.scanner.make_scanner = make_scanner
    json._default_decoder = json.JSONDecoder()
    migrate.Command.handle = migrate_by_copy
    sys.path[:] = dict.fromkeys(["", *sys.path])
    sys.meta_path.insert(0, Late())


def load(modules):
    """Import `modules`, so that they are in the memory that each process begins with."""
    for module in modules:
        __import__(module)


def main(text):
    """Run one process as JSON `text` describes it; return its exit code."""
    process = json.loads(text)
    os.chdir(process["cwd"])
    os.environ.clear()
    os.environ.update(process["env"])
    source = Terminal() if process["terminal"] else Given()
    sys.stdin = sys.__stdin__ = io.TextIOWrapper(io.BufferedReader(source), encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)
    sys.dont_write_bytecode = "PYTHONDONTWRITEBYTECODE" in process["env"]
    # Pyodide has set its own, and does so again when a memory is taken up.
    sys.excepthook = sys.__excepthook__
    # The seed is in the memory that was copied: each process would draw the same numbers.
    random.seed()
    # Pyodide's own loop runs all the time; Django would take every command for asynchronous code.
    events._set_running_loop(None)
    try:
        status = execute(process["argv"])
        finish()
    except KeyboardInterrupt:
        status = 128 + signal.SIGINT
    return status


def execute(argv):
    try:
        match argv:
            case ["-m", name, *rest]:
                sys.argv = [name, *rest]
                runpy.run_module(name, run_name="__main__", alter_sys=True)
            case ["-c", text, *rest]:
                sys.argv = ["-c", *rest]
                exec(compile(text, "<string>", "exec"), {"__name__": "__main__"})
            case ["--version" | "-V"]:
                print("Python", platform.python_version())
            case []:
                sys.argv = [""]
                code.interact(exitmsg="")
            case [file, *rest]:
                sys.argv = [file, *rest]
                sys.path[0] = os.path.dirname(os.path.realpath(file))
                runpy.run_path(file, run_name="__main__")
    except SystemExit as stop:
        if stop.code is None or isinstance(stop.code, int):
            return (stop.code or 0) & 0xFF
        print(stop.code, file=sys.stderr)
        return 1
    except BaseException as error:
        error.with_traceback(without_ours(error.__traceback__))
        sys.excepthook(type(error), error, error.__traceback__)
        return 128 + signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1
    return 0


def without_ours(traceback):
    """Leave out the frames that a process on a computer would not have."""
    while traceback and traceback.tb_frame.f_code.co_filename in ("<prelude>", "<frozen runpy>"):
        traceback = traceback.tb_next
    if traceback:
        traceback.tb_next = without_ours(traceback.tb_next)
    return traceback


def finish():
    """Do what an interpreter does when it ends, as far as files on the disk depend on it."""
    atexit._run_exitfuncs()
    if settings.configured:
        connections.close_all()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # ValueError: it is closed already
            stream.flush()


def freshen(seconds):
    """Move the dates of the database, which was packed so many seconds ago, to today."""
    connection = sqlite3.connect(COURSE["database"])
    with connection:
        for table in names_of_tables(connection):
            for _, column, kind, *_ in connection.execute(
                f"PRAGMA table_info({table})"
            ).fetchall():
                if kind == "datetime":
                    moved = f"strftime('%Y-%m-%d %H:%M:%f', {column}, '{seconds:+} seconds')"
                    connection.execute(f"UPDATE {table} SET {column} = {moved}")
    connection.close()
    print("null")


# --- What the page asks about the course. Each writes JSON to stdout. ---

ROWS = 200
MOST_CHARACTERS = 2000


def tables():
    """Write the tables: names, columns, how many rows there are, and the newest rows."""
    database = COURSE["database"]
    if not os.path.exists(database):
        print("[]")
        return
    # It is only read, and nobody else writes: no file beside it appears.
    connection = sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True)
    found = []
    for name in names_of_tables(connection):
        columns = connection.execute(f'PRAGMA table_info("{name}")').fetchall()
        key = next((index for index, column in enumerate(columns) if column[5]), 0)
        (count,) = connection.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()
        rows = connection.execute(f'SELECT * FROM "{name}" ORDER BY {key + 1} DESC LIMIT {ROWS}')
        found.append(
            {
                "name": name,
                "columns": [column[1] for column in columns],
                "key": key,
                "count": count,
                "rows": [[as_text(value) for value in row] for row in rows],
            }
        )
    print(json.dumps(found))


def as_text(value):
    return None if value is None else str(value)[:MOST_CHARACTERS]


def progress():
    """Write what the learner has done of the exercises, which is kept as TOML."""
    with open(COURSE["progress"], "rb") as file:
        print(json.dumps(tomllib.load(file)))


def commands():
    """Write manage.py's commands: names, options, and the choices that options have."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", COURSE["settings"])
    django.setup()
    found = []
    for name, app in sorted(get_commands().items()):
        try:
            parser = load_command_class(app, name).create_parser("manage.py", name)
        except ImportError:
            # It needs what is fetched later: pytest.
            actions = []
        else:
            actions = [action for action in parser._actions if action.option_strings]
        found.append(
            {
                "name": name,
                "options": [option for action in actions for option in action.option_strings],
                "choices": {
                    option: [str(choice) for choice in action.choices]
                    for action in actions
                    for option in action.option_strings
                    if action.choices
                },
            }
        )
    print(json.dumps(found))
