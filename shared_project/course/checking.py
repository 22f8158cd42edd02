"""Check an exercise: run its expectations on somebody's files, and find the hint that fits."""

import contextlib
import gc
import io
import os
import sqlite3
import sys
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest
from django.core.cache import cache
from django.db import connection, connections
from django.test import TestCase
from django.test.utils import (
    _TestState,
    override_settings,
    setup_test_environment,
    teardown_test_environment,
)

from shared_project.course.exercises import COMMANDS, Exercise, Mistake, sentence
from shared_project.course.kit import (
    Kit,
    LoadError,
    StillRunning,
    Stopped,
    UnmetError,
    check_file,
    installed,
    limited_work,
    load,
)
from shared_project.settings import sqlite
from shared_project.toolkit.shutdown import end_by_signal, replace_handlers, restore_handlers

MEMORY = "file:practice?mode=memory&cache=shared"
INI = Path(__file__).with_name("kit.ini")
# Other packages' plugins would change what a check means. Of pytest's own, these cost time: the
# first two collect garbage twice a run.
UNWANTED = (
    "unraisableexception threadexception cacheprovider doctest faulthandler junitxml "
    "legacypath pastebin reports setuponly setupplan stepwise"
).split()
# What a learner's test may use, and an expectation does not. With `logging`, a command's log would
# not reach stderr.
FOR_LEARNERS = ("debugging", "logging", "recwarn", "subtests", "unittest")
ENVIRONMENT = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "", "PYTEST_PLUGINS": ""}


@dataclass
class Expectation:
    """One line of the checklist. `held` is None where it was not tried."""

    name: str
    sentence: str
    held: bool | None = None
    error: BaseException | None = None


@dataclass
class Verdict:
    """What came of a check.

    `outcome` is solved, unmet, broken (the file does not load), endless, or fault (a test of the
    course's own broke).
    """

    outcome: str
    expectations: list[Expectation]
    mistake: Mistake | None = None
    report: str = ""

    @property
    def first(self) -> Expectation | None:
        """The first expectation that does not hold."""
        return next((one for one in self.expectations if one.held is False), None)

    @property
    def held(self) -> int:
        return sum(one.held is True for one in self.expectations)


class Shop:
    """An empty shop in memory, in the place of the database of the settings."""

    def __enter__(self):
        self.alias = connection.alias
        self.settings = connections.settings[self.alias]
        self.wrapper = connections[self.alias]
        # Tests of the course have set it up already.
        self.is_ours = not hasattr(_TestState, "saved_data")
        if self.is_ours:
            setup_test_environment(debug=False)
        entry = {**sqlite(":memory:"), "TEST": {"NAME": MEMORY}}
        entry = connections.configure_settings({self.alias: entry})[self.alias]
        connections.settings[self.alias] = entry
        del connections[self.alias]
        self.folder = tempfile.TemporaryDirectory()
        self.media = override_settings(MEDIA_ROOT=self.folder.name)
        self.media.enable()
        with _quiet():
            connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        self.pristine = sqlite3.connect(":memory:")
        connection.connection.backup(self.pristine)
        return self

    def restore(self) -> None:
        """Put the empty shop back, whatever a command has left."""
        connection.ensure_connection()
        connection.connection.rollback()
        connection.in_atomic_block = False
        connection.savepoint_ids, connection.atomic_blocks = [], []
        connection.needs_rollback, connection.run_on_commit = False, []
        connection.set_autocommit(True)
        self.pristine.backup(connection.connection)
        cache.clear()

    def __exit__(self, *error):
        self.pristine.close()
        # `close` of Django's would keep a database in memory open.
        connections[self.alias].connection.close()
        connections[self.alias].connection = None
        del connections[self.alias]
        connections.settings[self.alias] = self.settings
        connections[self.alias] = self.wrapper
        self.media.disable()
        self.folder.cleanup()
        if self.is_ours:
            teardown_test_environment()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@dataclass
class Recorder:
    """The pytest plugin that keeps what became of each test."""

    failures: dict[str, BaseException] = field(default_factory=dict)
    passed: set[str] = field(default_factory=set)
    faults: dict[str, BaseException] = field(default_factory=dict)
    signals: list[int] = field(default_factory=list)  # those that have come from outside

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item, call):
        yield
        name = item.name
        if self.signals:
            item.session.shouldstop = "stopped by a signal"
        if call.excinfo is None:
            if call.when == "call" and name not in self.failures:
                self.passed.add(name)
        elif isinstance(call.excinfo.value, (pytest.skip.Exception, pytest.xfail.Exception)):
            pass  # a test that does not run says nothing
        elif call.when == "call":
            self.passed.discard(name)
            self.failures[name] = call.excinfo.value
        else:
            self.faults.setdefault(name, call.excinfo.value)

    def pytest_exception_interact(self, call, report):
        if isinstance(report, pytest.CollectReport):
            error = call.excinfo.value
            fault = RuntimeError(str(report.longrepr))
            # pytest wraps what an import raises.
            fault.__cause__ = error.__cause__ or error
            self.faults.setdefault(report.nodeid, fault)


def run_pytest(
    file: Path, *plugins: object, unwanted=UNWANTED, tracebacks=False
) -> tuple[Recorder, str]:
    """Run the tests in `file`; return what became of them, and what pytest printed."""
    recorder, output = Recorder(), io.StringIO()
    options = [f"-pno:{name}" for name in unwanted]
    options += ["-q", "-c", str(INI), "--rootdir", str(file.parent), "--import-mode=importlib"]
    options += ["-o", "python_functions=test_* probe_*", "-o", "markers=django_db", "-s"]
    # As Django warns of it; a learner's other warnings are no errors.
    # (pytest takes the message literally here, and looks for it at the beginning.)
    options += ["-W", "ignore", "-W", "error:DateTimeField :RuntimeWarning"]
    # To look for the sources takes a fifth of a check.
    options += ["--tb=short" if tracebacks else "--tb=no", "--no-header", str(file)]
    with (
        _signals_end_it(recorder.signals),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(output),
    ):
        try:
            pytest.main(options, plugins=[recorder, *plugins])
        finally:
            # pytest takes a module of this name for loaded, though the next file is another one.
            sys.modules.pop(file.stem, None)
    return recorder, output.getvalue()


@contextlib.contextmanager
def _signals_end_it(came: list[int]) -> Iterator[None]:
    """End the program when a signal comes in the block, and note it in `came`.

    What pytest, the kit and the learner's code make of a KeyboardInterrupt or a SystemExit is for
    those that an expectation raises. A second signal ends a loop that swallows every exception.
    """

    def stop(number, frame):
        came.append(number)
        if len(came) > 1:
            os._exit(128 + number)
        raise Stopped

    replaced = replace_handlers(stop)
    try:
        yield
    except Stopped:
        pass  # between pytest and this block
    finally:
        restore_handlers(replaced)
    if came:
        end_by_signal(came[0])


def check(exercise: Exercise, practice: Path, shop: Shop, tracebacks=False) -> Verdict:
    """Check the files in the folder `practice`, which has the shape of a learner's own.

    The verdict's report has `tracebacks` where they are asked for, and after a fault.
    """
    check_kind = _check_test if exercise.kind == "test" else _check_command
    with _undisturbed():
        verdict = check_kind(exercise, practice, shop, tracebacks)
        if verdict.outcome == "fault" and not tracebacks:
            verdict = check_kind(exercise, practice, shop, True)
    return verdict


@contextlib.contextmanager
def _undisturbed():
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    # pytest leaves much behind, and a check is over before it matters.
    collects = gc.isenabled()
    gc.disable()
    variables = {name: os.environ.get(name) for name in ENVIRONMENT}
    os.environ |= ENVIRONMENT
    try:
        yield
    finally:
        sys.dont_write_bytecode = before
        if collects:
            gc.enable()
        for name, value in variables.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _check_command(exercise, practice, shop, tracebacks):
    path = practice / exercise.target
    kit = Kit(exercise.command or exercise.key, path, shop.restore)
    expectations = exercise.folder / "expectations.py"
    unwanted = (*UNWANTED, *FOR_LEARNERS)
    recorder, output = run_pytest(expectations, kit, unwanted=unwanted, tracebacks=tracebacks)
    lines = [
        Expectation(
            name,
            text,
            held=_held(recorder, f"test_{name}"),
            error=recorder.failures.get(f"test_{name}"),
        )
        for name, text in exercise.expectations.items()
    ]
    return _judge(exercise, lines, recorder, output)


def _held(recorder, test):
    if test in recorder.failures:
        return False
    return True if test in recorder.passed else None


def _judge(exercise, lines, recorder, output):
    verdict = Verdict("unmet", lines, report=output)
    broken = [one for one in lines if isinstance(one.error, LoadError)]
    endless = next(
        (at for at, one in enumerate(lines) if isinstance(one.error, StillRunning)), None
    )
    if recorder.faults:
        verdict.outcome = "fault"
    elif endless is not None:
        verdict.outcome = "endless"
        for later in lines[endless + 1 :]:
            later.held, later.error = None, None
        verdict.mistake = find_mistake(exercise, lines, recorder.passed)
    elif len(broken) == len(lines):
        verdict.outcome = "broken"
    elif all(one.held for one in lines):
        verdict.outcome = "solved"
    else:
        verdict.mistake = find_mistake(exercise, lines, recorder.passed)
    return verdict


def find_mistake(exercise: Exercise, lines: list[Expectation], passed: set[str]) -> Mistake | None:
    """Return the mistake that the failures show, or None.

    Of several that fit, one with a probe comes first, then the one that explains the most.
    """
    failed = {one.name for one in lines if one.held is False}
    first = next((one.name for one in lines if one.held is False), None)
    main = next(iter(exercise.expectations))
    fitting = []
    for mistake in exercise.mistakes:
        passes = {*mistake.passes} or ({main} - {*mistake.fails, *mistake.may_fail})
        if (
            first in (*mistake.fails, *mistake.may_fail)
            and failed >= {*mistake.fails}
            and not failed & passes
            and (not mistake.probe or f"probe_{mistake.probe}" in passed)
        ):
            fitting.append(mistake)
    return max(fitting, key=lambda one: (bool(one.probe), len(one.fails)), default=None)


def _check_test(exercise, practice, shop, tracebacks):
    """Run the learner's test on the good command, and on each broken one."""
    path = practice / exercise.target
    lines, output = [], ""
    names = {"passes_on_the_good_command": "good"} | {bad: f"bad/{bad}" for bad in exercise.bad}
    try:
        check_file(path)
    except LoadError as error:
        return _broken_test(exercise, error, "")
    for name, version in names.items():
        recorder, text = _run_on(exercise, version, path, shop, tracebacks)
        output += text
        errors = [*recorder.failures.values(), *recorder.faults.values()]
        if any(isinstance(root, StillRunning) for error in errors for root in _causes(error)):
            lines.append(Expectation(name, exercise.expectations[name], False, StillRunning()))
            lines += [Expectation(*one) for one in [*exercise.expectations.items()][len(lines) :]]
            return Verdict("endless", lines, report=output)
        if recorder.faults or not recorder.passed | recorder.failures.keys():
            error = next(iter(recorder.faults.values()), LoadError("No test in it has run."))
            return _broken_test(exercise, error, output)
        lines.append(_line_of_test(exercise, name, recorder))
    verdict = Verdict(
        "solved" if all(one.held for one in lines) else "unmet", lines, report=output
    )
    if verdict.outcome == "unmet":
        verdict.mistake = find_mistake(exercise, lines, _noticed_probes(exercise, path, shop))
    return verdict


def _causes(error):
    return error, error.__cause__


def _broken_test(exercise, error, output):
    lines = [Expectation(*one) for one in exercise.expectations.items()]
    if isinstance(error, pytest.FixtureLookupError):
        error = LoadError(f"There is no fixture {error.argname}.")
    elif not isinstance(error, LoadError):
        cause, error = error.__cause__ or error, LoadError(str(error))
        error.__cause__ = cause
    lines[0].held, lines[0].error = False, error
    return Verdict("broken", lines, report=output)


def _line_of_test(exercise, name, recorder):
    """Return the line of the checklist for a version: the good one must pass, the others fail."""
    is_good = name == "passes_on_the_good_command"
    held, error = is_good != bool(recorder.failures), None
    if not held and is_good:
        error = next(iter(recorder.failures.values()))
        words = "".join(str(error).splitlines()[:1])
        error = UnmetError("your test", "it passes", f"{type(error).__name__}: {words}")
    elif not held:
        happened = f"it passes on a command that {sentence(name)}"
        error = UnmetError("your test", "a failure", happened)
    return Expectation(name, exercise.expectations[name], held, error)


def _noticed_probes(exercise, path, shop) -> set[str]:
    """Return the probes that hold. Here a probe is one more broken command: `probe/NAME.py`."""
    probes = {mistake.probe for mistake in exercise.mistakes if mistake.probe}
    return {
        f"probe_{probe}"
        for probe in probes
        if _run_on(exercise, f"probe/{probe}", path, shop)[0].failures
    }


def _run_on(exercise, version, path, shop, tracebacks=False):
    """Run the learner's test on a version of the command.

    It is found as a module, so each call makes a command anew, with the streams of its moment.
    """
    module = ModuleType(f"tested.{COMMANDS.replace('/', '.')}.{exercise.command}")
    module.Command = load(exercise.folder / f"{version}.py")
    sys.modules[module.__name__] = module
    try:
        with installed(exercise.command, "tested"):
            return run_pytest(path, _ShopOnly(shop), tracebacks=tracebacks)
    finally:
        del sys.modules[module.__name__]


class _ShopOnly:
    """The pytest plugin that gives each test of a learner an empty shop."""

    def __init__(self, shop):
        self.shop = shop

    @pytest.fixture(autouse=True, scope="class")
    def _fresh_shop_for_a_class(self):
        """A TestCase opens its transaction, and makes its data, for the whole class."""
        self.shop.restore()

    @pytest.fixture(autouse=True)
    def _fresh_shop(self, request):
        if not issubclass(request.cls or object, TestCase):
            self.shop.restore()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self):
        with limited_work():
            yield

    @pytest.hookimpl(hookwrapper=True)
    def pytest_make_collect_report(self):
        with limited_work():
            yield

    @pytest.fixture
    def settings(self):
        """As pytest-django's: settings for one test."""
        from django.conf import settings

        with override_settings():
            yield settings
