import pytest
from django.core.management.base import CommandError

STEPS = ["process_orders", "migrate_data", "cleanup_old_data"]


@pytest.fixture
def steps(fakes):
    """Put stand-ins in the place of the steps; return the list of those that have run."""
    ran = []
    for name in STEPS:
        fakes(name, lambda _, name=name, **options: ran.append((name, options)))
    return ran


@pytest.fixture
def fail(steps, fakes):
    """Return a function that makes the second step end with an exception."""

    def fail(error):
        def end(command, **options):
            steps.append(("migrate_data", options))
            raise error

        fakes("migrate_data", end)

    return fail


def names(steps):
    return [name for name, options in steps]


def named_in(ran):
    return "migrate_data" if "migrate_data" in ran.stderr else ""


def test_it_runs_the_steps_in_order(run, expect, steps):
    ran = run.ok()
    expect(ran, "steps that ran", names(steps), STEPS)


def test_it_stops_at_the_first_failure(run, expect, steps, fail):
    fail(CommandError("4711 orders have no customer."))
    ran = run()
    label = "steps that ran, when migrate_data fails"
    expect(ran, label, names(steps), ["process_orders", "migrate_data"])


def test_a_failure_is_exit_code_1(run, expect, fail):
    fail(CommandError("4711 orders have no customer."))
    ran = run()
    expect(ran, "exit code, when migrate_data fails", ran.code, 1)


def test_the_step_that_failed_is_named(run, expect, fail):
    fail(CommandError("4711 orders have no customer."))
    ran = run()
    expect(ran, "named on stderr, when migrate_data fails", named_in(ran), "migrate_data")


def test_the_reason_is_on_stderr(run, expect, fail):
    fail(CommandError("4711 orders have no customer."))
    ran = run()
    number = "4711" if "4711" in ran.stderr else ""
    expect(ran, "the number in the step's message, on stderr", number, "4711")


def test_a_bug_in_a_step_keeps_its_traceback(run, expect, fail):
    fail(ZeroDivisionError("division by zero"))
    ran = run()
    traceback = type(ran.crash).__name__ if ran.crash else ""
    expect(ran, "traceback, when migrate_data divides by zero", traceback, "ZeroDivisionError")


def test_a_step_that_exits_is_named_too(run, expect, fail):
    fail(SystemExit(3))
    ran = run()
    label = "named on stderr, when migrate_data ends with sys.exit(3)"
    expect(ran, label, named_in(ran), "migrate_data")


def test_verbosity_goes_to_every_step(run, expect, steps):
    ran = run.ok("-v", "0")
    got = [f"{name} {options['verbosity']}" for name, options in steps]
    expect(ran, "verbosity", got, [f"{name} 0" for name in STEPS])


def test_color_goes_to_every_step(run, expect, steps):
    ran = run.ok("--no-color")
    got = [f"{name} {options['no_color']}" for name, options in steps]
    expect(ran, "no_color", got, [f"{name} True" for name in STEPS])


def test_the_caller_gets_the_output_of_the_steps(run, expect, steps, fakes):
    fakes("migrate_data", lambda command, **_: command.stdout.write("4711 linked"))
    ran = run.call()
    number = "4711" if "4711" in ran.stdout else ""
    expect(ran, "the number that migrate_data writes, in the caller's stdout", number, "4711")


def probe_it_leaves_with_the_code_of_the_step(run, fail):
    fail(SystemExit(3))
    assert run().code == 3


def probe_the_steps_have_their_default(run, steps):
    run("-v", "0")
    assert {options["verbosity"] for name, options in steps} == {1}


def probe_the_message_comes_alone(run, fail):
    fail(CommandError("4711 orders have no customer."))
    ran = run()
    assert ran.code == 1
    assert "4711" in ran.stderr


def probe_the_bug_is_one_line(run, fail):
    fail(ZeroDivisionError("division by zero"))
    ran = run()
    assert ran.code == 1
    assert ran.crash is None
