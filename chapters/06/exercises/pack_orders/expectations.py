import re

import pytest

from shared_project.shop.models import Order


@pytest.fixture(autouse=True)
def seven_orders():
    for number in range(7):
        Order.objects.create(number=f"P{number}", total=10)


def bar_in(*texts):
    """Say whether there is a bar: each of its pictures begins with a carriage return."""
    return "a bar" if any("\r" in text for text in texts) else "no bar"


def shows_7(text):
    return "7" if re.search(r"\b7\b", text) else "no 7"


def test_it_packs_every_order(run, expect):
    ran = run.ok()
    expect(ran, "orders packed", Order.objects.filter(status="processed").count(), 7)


def test_a_log_gets_no_bar(run, expect):
    ran = run.ok()
    expect(f"{ran.line} > log.txt 2>&1", "in log.txt", bar_in(ran.stdout, ran.stderr), "no bar")


def test_the_stream_that_shows_the_bar_decides(run, expect):
    ran = run.ok(tty="stderr")
    expect(f"{ran.line} > out.txt", "on the terminal", bar_in(ran.stderr), "a bar")
    Order.objects.update(status="pending")
    ran = run.ok(tty="stdout")
    expect(f"{ran.line} 2> errors.txt", "in errors.txt", bar_in(ran.stderr), "no bar")


def test_a_terminal_gets_a_bar_with_the_total(run, expect):
    ran = run.ok(tty=True)
    expect(ran, "on the terminal", bar_in(ran.stdout, ran.stderr), "a bar")
    expect(ran, "the total in the bar", shows_7(ran.stderr), "7")


def test_verbosity_0_gets_no_bar(run, expect):
    ran = run.ok("-v", 0, tty=True)
    expect(ran, "on the terminal", bar_in(ran.stdout, ran.stderr), "no bar")


def test_stdout_has_the_result_alone(run, expect):
    ran = run.ok(tty=True)
    expect(ran, "on stdout", bar_in(ran.stdout), "no bar")
    expect(ran, "the result on stdout", shows_7(ran.stdout), "7")


def test_the_bar_stays_on_one_line(run, expect):
    ran = run.ok(tty=True)
    lines = [line for line in ran.stderr.split("\n") if "\r" in line]
    expect(ran, "lines with a bar", len(lines), 1)


def probe_the_bar_counts_without_a_total(run):
    # `7it` in the place of `7/7`.
    assert re.search(r"\r.*\b7[a-z]+ ", run(tty=True).stderr)


def probe_nothing_draws_a_bar(run):
    ran = run(tty=True)
    assert ran.code == 0
    assert bar_in(ran.stdout, ran.stderr) == "no bar"


def probe_the_bar_is_on_stdout(run):
    assert bar_in(run(tty=True).stdout) == "a bar"
