"""What the fixtures of the kit give to an expectation.

Each test checks a command against an expectation of its own. The exercises use the kit, too, but
test_exercises.py measures no coverage.
"""

import datetime
import signal
import threading

import pytest

from shared_project.course import kit
from shared_project.course.dev import check_version
from shared_project.course.kit import Clock, limited_work
from shared_project.course.tests.samples import HELLO

CUSTOMERS = """\
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from shared_project.shop.models import Customer


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("--upper", action="store_true")

    def handle(self, *args, **options):
{}
"""
LOCKED = """\
        with transaction.atomic():
            ada = Customer.objects.select_for_update().get(email="ada@example.com")
            ada.name += "!"
            ada.save(update_fields=["name"])"""
UNLOCKED = """\
        ada = Customer.objects.get(email="ada@example.com")
        ada.name += "!"
        ada.save(update_fields=["name"])"""
HEADER = """\
import pytest
from shared_project.shop.models import Customer

@pytest.fixture
def ada():
    return Customer.objects.create(name="Ada", email="ada@example.com")

def rename(name="Bea"):
    Customer.objects.update(name=name)

def names():
    return [*Customer.objects.values_list("name", flat=True)]

"""


@pytest.fixture
def outcome(exercise, shop):
    """Return what comes of a command's `handle` when an expectation is tried on it."""

    def outcome(expectation, handle="        pass", command=CUSTOMERS):
        files = {"expectations.py": HEADER + expectation, "mine.py": command.format(handle)}
        return check_version(exercise(files), "mine", shop)

    return outcome


@pytest.fixture
def holds(outcome):
    """Assert that an expectation holds for a command."""

    def holds(*args, **options):
        verdict = outcome(*args, **options)
        assert verdict.outcome == "solved", (verdict.first and verdict.first.error, verdict.report)

    return holds


@pytest.fixture
def unmet(outcome):
    """Return the three parts of the expectation that is not met."""

    def unmet(*args, **options):
        error = outcome(*args, **options).first.error
        return error.ran, error.expected, error.happened

    return unmet


def test_a_run_has_streams_and_an_exit_code(holds):
    holds(
        "def test_it(run):\n"
        "    ran = run('--upper', stdin='one\\ntwo\\n')\n"
        "    assert repr(ran) == '<python manage.py say_hello --upper: exit code 3>'\n"
        "    assert (ran.stdout, ran.stderr, ran.read) == ('out\\n', 'err\\n', 'one\\n')\n",
        "        import sys\n"
        "        sys.stdin.readline()\n"
        "        self.stdout.write('out')\n"
        "        self.stderr.write('err')\n"
        "        raise CommandError('x', returncode=3) if False else SystemExit(3)\n",
    )


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("raise KeyboardInterrupt", 130),
        ("raise SystemExit", 0),
        ("raise SystemExit('gone')", 1),
        ("raise CommandError('x', returncode=4)", 4),
        ("1 / 0", 1),
    ],
)
def test_every_ending_has_an_exit_code(holds, end, code):
    holds(f"def test_it(run): assert run().code == {code}\n", f"        {end}")


def test_a_usage_error_is_exit_code_2(holds):
    holds("def test_it(run): run.refused('--none', code=2)\n")


@pytest.mark.parametrize(
    ("tty", "said"), [("True", "TrueTrue"), ("False", "FalseFalse"), ("'stderr'", "FalseTrue")]
)
def test_a_stream_can_be_a_terminal(holds, tty, said):
    holds(
        f"def test_it(run): assert run(tty={tty}).stdout == '{said}'\n",
        "        import sys\n"
        "        print(sys.stdout.isatty(), sys.stderr.isatty(), sep='', end='')\n",
    )


@pytest.mark.parametrize(
    ("handle", "happened"),
    [
        ("raise CommandError('sorry')", "exit code 1, CommandError: sorry"),
        ("raise SystemExit(3)", "exit code 3"),
        ("1 / 0", "a traceback: ZeroDivisionError: division by zero"),
    ],
)
def test_what_should_end_well_says_how_it_ended(unmet, handle, happened):
    parts = unmet("def test_it(run): run.ok()\n", f"        {handle}")
    assert parts == ("python manage.py say_hello", "exit code 0", happened)


def test_what_should_be_refused_and_is_not_says_so(unmet):
    parts = unmet("def test_it(run): run.refused()\n")
    assert parts[1:] == ("exit code 1, and no traceback", "exit code 0")


def test_code_gets_what_it_is_written_and_what_is_raised(holds):
    holds(
        "def test_it(run):\n"
        "    ran = run.call('--upper', verbosity=0)\n"
        "    assert ran.line == \"call_command('say_hello', '--upper', verbosity=0)\"\n"
        "    assert (ran.stdout, ran.stderr) == ('out\\n', '')\n"
        "    assert type(ran.crash).__name__ == 'SystemExit'\n"
        "    assert ran.code == 1\n",
        "        print('past the caller')\n"
        "        self.stdout.write('out')\n"
        "        raise SystemExit\n",
    )
    holds("def test_it(run): assert run.call().code == 0\n")


def test_a_command_that_calls_itself_finds_itself(holds):
    holds(
        "def test_it(run): assert run().stdout == 'upper\\n'\n",
        "        from django.core.management import call_command\n"
        "        if options['upper']:\n"
        "            self.stdout.write('upper')\n"
        "        else:\n"
        "            call_command('say_hello', upper=True, stdout=self.stdout)\n",
    )


def test_a_module_beside_the_command_is_found_and_loaded_anew(exercise, shop):
    uses_it = HELLO.replace("import sys", "from practice.management.commands import _words")
    uses_it = uses_it.format("self.stdout.write(_words.HELLO)")
    files = {
        "mine/management/commands/say_hello.py": uses_it,
        "mine/management/commands/_words.py": 'HELLO = "hello"\n',
        "other/management/commands/say_hello.py": uses_it.format(
            "self.stdout.write(_words.HELLO)"
        ),
        "other/management/commands/_words.py": 'HELLO = "goodbye"\n',
    }
    made = exercise(files)
    assert check_version(made, "mine", shop).outcome == "solved"
    assert check_version(made, "other", shop).outcome == "unmet"


def test_the_root_is_the_learners_folder(holds):
    holds("def test_it(root): assert (root / 'management/commands/say_hello.py').exists()\n")


@pytest.mark.parametrize(
    ("got", "shown"),
    [("[3, 1]", "3, 1"), ("{3, 1}", "1, 3"), ("[]", "nothing"), ("' '", "nothing"), ("0", "0")],
)
def test_values_are_shown_as_people_write_them(unmet, got, shown):
    parts = unmet(f"def test_it(run, expect): expect(run(), 'found', {got}, 'x')\n")
    assert parts == ("python manage.py say_hello", "found: x", f"found: {shown}")


def test_a_crash_is_shown_in_the_place_of_a_value(unmet):
    parts = unmet("def test_it(run, expect): expect(run(), 'found', 0, 1)\n", "        1 / 0")
    assert parts[2] == "a traceback: ZeroDivisionError: division by zero"


def test_a_value_can_stand_without_a_run(unmet):
    assert unmet("def test_it(expect): expect('a line', 'found', 0, 1)\n")[0] == "a line"


TWO_WRITES = """\
        for name in "AB":
            Customer.objects.create(name=name, email=f"{name}@example.com")"""


def test_a_command_can_be_stopped_before_its_nth_write(holds):
    holds(
        "def test_it(run, stop_at):\n"
        "    with stop_at(2): assert run().code == 130\n"
        "    assert names() == ['A']\n"
        "    with stop_at(1, ValueError, table='shop_order'): run()\n",
        TWO_WRITES,
    )


def test_a_command_can_be_stopped_when_something_is_so(holds):
    holds(
        "def test_it(run, stop_when):\n"
        "    with stop_when(lambda sql: len(names()) == 1, ValueError): ran = run()\n"
        "    assert (type(ran.crash), names()) == (ValueError, ['A'])\n",
        TWO_WRITES,
    )


def test_another_session_writes_right_before_the_first_write(holds):
    holds(
        "def test_it(run, ada, meanwhile):\n"
        "    with meanwhile(rename): run()\n"
        "    assert names() == ['Ada!']\n",
        UNLOCKED,
    )


def test_another_session_waits_for_a_row_that_is_locked(holds):
    holds(
        "def test_it(run, ada, meanwhile):\n"
        "    with meanwhile(rename): run()\n"
        "    assert names() == ['Bea']\n",
        LOCKED,
    )


def test_another_session_can_come_at_another_moment(holds):
    holds(
        "def test_it(run, ada, meanwhile):\n"
        "    with meanwhile(rename, n=1, before=lambda sql: sql.startswith('SELECT')): run()\n"
        "    assert names() == ['Bea!']\n",
        UNLOCKED,
    )


def test_writes_and_fetches_are_counted(holds):
    holds(
        "def test_it(run, writes, fetches):\n"
        "    for name in 'AB': Customer.objects.create(name=name, email=f'{name}@example.com')\n"
        "    del writes[:]\n"
        "    run()\n"
        "    assert (writes, max(fetches)) == ([2, 1], 2)\n",
        "        Customer.objects.update(name='C')\n"
        "        list(Customer.objects.all())\n"
        "        Customer.objects.filter(email='A@example.com').delete()\n",
    )


def test_time_moves_when_it_is_told_to(holds):
    holds(
        "import time\n"
        "def test_it(run, clock):\n"
        "    first = float(run().stdout), time.time()\n"
        "    clock.advance(60)\n"
        "    clock.set_back(3600)\n"
        "    assert float(run().stdout) - first[0] == 60\n"
        "    assert round(time.time() - first[1]) == -3540\n"
        "    assert time.monotonic_ns() == time.monotonic() * 1_000_000_000\n",
        "        import time\n        print(time.monotonic())\n",
    )


def test_a_stand_in_takes_the_place_of_a_command(holds):
    holds(
        "def test_it(run, fakes):\n"
        "    seen = []\n"
        "    fakes('flush', lambda command, **options: seen.append(options['days']))\n"
        "    run()\n"
        "    assert seen == [3]\n"
        "def test_then_it_is_gone(run): run()\n",
        "        from django.core.management import call_command, get_commands\n"
        "        if not isinstance(get_commands()['flush'], str):\n"
        "            call_command('flush', days=3)\n",
    )


def test_mails_are_collected_anew_for_each_expectation(holds):
    line = "(run, mailoutbox):\n    run()\n    assert len(mailoutbox) == 1\n"
    holds(
        f"def test_one{line}def test_two{line}",
        "        from django.core.mail import send_mail\n"
        "        send_mail('Hello', '', 'shop@example.com', ['ada@example.com'])\n",
    )


def test_each_expectation_begins_with_an_empty_shop(holds):
    line = "(run):\n    run()\n    assert names() == ['A', 'B']\n"
    holds(f"def test_one{line}def test_two{line}", TWO_WRITES)


def test_a_log_of_the_command_is_on_stderr_as_on_the_command_line(holds):
    holds(
        "def test_it(run): assert 'oops' in run().stderr\n",
        "        import logging\n        logging.getLogger('x').warning('oops')\n",
    )


def test_each_run_sets_up_its_log_anew(holds):
    holds(
        "def test_it(run):\n    for _ in range(2): assert 'oops' in run().stderr\n",
        "        import logging\n"
        "        logging.basicConfig(level=logging.INFO)\n"
        "        logging.info('oops')\n",
    )


def test_an_endless_loop_is_ended_while_the_file_is_loaded_too(outcome, monkeypatch):
    monkeypatch.setattr(kit, "SECONDS_OF_WORK", 0.2)
    for text in ("while True: pass\n", HELLO.format("while True: pass")):
        assert outcome("def test_it(run): run()\n", command=text).outcome == "endless"
        assert outcome("def test_it(run): run.call()\n", command=text).outcome == "endless"


def test_work_is_not_limited_where_no_signal_can_be_heard(monkeypatch):
    def work():
        with limited_work(0.0001):
            done.append(True)

    done = []
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    monkeypatch.delattr(signal, "setitimer")
    work()
    monkeypatch.undo()

    def fail(*args):
        raise OSError

    monkeypatch.setattr(signal, "setitimer", fail)
    work()
    assert done == [True] * 3


def test_the_kits_clock_makes_real_datetimes(monkeypatch):
    clock = Clock(monkeypatch)
    before = datetime.datetime.now(datetime.UTC)
    clock.advance(60)
    assert datetime.datetime.now(datetime.UTC) - before == datetime.timedelta(seconds=60)
    assert datetime.datetime.now().tzinfo is None  # noqa: DTZ005
    moment = datetime.datetime(2026, 3, 1)  # noqa: DTZ001
    assert isinstance(moment, datetime.datetime)
    assert issubclass(type(moment), datetime.datetime)
