import json
import re
from datetime import timedelta

import pytest
from django.core.management.base import CommandError
from django.utils import timezone

from shared_project.shop.models import Order

COLORS = re.compile("\x1b\\[[0-9;]*m")
TOTALS = {"A-10": "1200.00", "A-7": "12.50"}  # of the late orders
ROWS = [  # number, total, status, age in hours
    ("A-10", "1200.00", Order.Status.PENDING, 72),
    ("A-7", "12.50", Order.Status.PENDING, 30),
    ("A-2", "20.00", Order.Status.PENDING, 1),
    ("A-3", "30.00", Order.Status.PROCESSED, 72),
    ("A-4", "40.00", Order.Status.CANCELED, 72),
]
FORMS = [(), ("-v", "0"), ("--format", "json")]


@pytest.fixture(autouse=True)
def default_colors(monkeypatch):
    monkeypatch.delenv("DJANGO_COLORS", raising=False)


@pytest.fixture(autouse=True)
def five_orders():
    for number, total, status, age in ROWS:
        created_at = timezone.now() - timedelta(hours=age)
        Order.objects.create(number=number, total=total, status=status, created_at=created_at)


@pytest.fixture
def nothing_late():
    Order.objects.exclude(number="A-2").delete()


def lines_of(text):
    """Return the line of each order on stdout."""
    found = {}
    for line in COLORS.sub("", text).splitlines():
        for number, *_ in ROWS:
            if number in line:
                found[number] = line
    return found


def cells(text):
    """Return where the numbers and the totals of the late orders stand: as (start, end)."""
    lines, found = lines_of(text), {}
    for number, total in TOTALS.items():
        for cell in (number, total):
            at = lines.get(number, "").find(cell)
            if at >= 0:
                found[cell] = (at, at + len(cell))
    return found


def test_it_lists_the_late_ones(run, expect):
    ran = run()
    expect(ran, "listed on stdout", sorted(lines_of(ran.stdout)), ["A-10", "A-7"])


def test_hours_say_what_is_late(run, expect):
    ran = run("--hours", "48")
    expect(ran, "listed on stdout", sorted(lines_of(ran.stdout)), ["A-10"])


def test_nothing_late_is_exit_code_0(run, nothing_late):
    for form in FORMS:
        run.ok(*form)


def test_late_orders_end_with_exit_code_1_in_every_form(run):
    for form in FORMS:
        run.refused(*form)


def test_verbosity_0_leaves_stdout_empty(run, expect):
    ran = run("-v", "0")
    expect(ran, "stdout", ran.stdout.strip(), "")


def test_the_word_LATE_is_there_without_color(run, expect):
    ran = run()
    marked = sorted(number for number, line in lines_of(ran.stdout).items() if "LATE" in line)
    expect(ran, "orders with LATE in their lines", marked, [*TOTALS])


def test_numbers_and_totals_stand_in_columns(run, expect):
    ran = run()
    found = cells(ran.stdout)
    wanted = [cell for row in TOTALS.items() for cell in row]
    expect(ran, "cells", [cell for cell in wanted if cell in found], wanted)
    crooked = [
        name
        for name, column in (("numbers", [*TOTALS]), ("totals", [*TOTALS.values()]))
        if all(len({found[cell][side] for cell in column}) > 1 for side in (0, 1))
    ]
    expect(ran, "columns that do not line up", crooked, [])


def test_color_does_not_move_the_columns(run, expect):
    plain = cells(run().stdout)
    ran = run("--force-color")
    expect(ran, "color codes", "some" if COLORS.search(ran.stdout) else "none", "some")
    wanted, got = (
        [f"{cell} at {at[0]}" for cell, at in found.items()]
        for found in (plain, cells(ran.stdout))
    )
    expect(ran, "columns", got, wanted)


def test_JSON_is_one_document_with_and_without_late_orders(run, expect):
    for wanted in (["A-10", "A-7"], []):
        ran = run("--format", "json")
        try:
            report = json.loads(ran.stdout)
        except ValueError as error:
            expect(ran, "stdout as JSON", str(error), "one document")
        late = report.get("late") if isinstance(report, dict) else report
        late = sorted(late, key=str) if isinstance(late, list) else late
        expect(ran, "stdout as JSON", json.dumps({"late": late}), json.dumps({"late": wanted}))
        Order.objects.exclude(number="A-2").delete()


def test_code_that_calls_it_gets_a_CommandError(run, expect):
    ran = run.call()
    expect(ran, "raised", type(ran.crash).__name__, CommandError.__name__)


def probe_canceled_orders_are_listed_too(run):
    assert sorted(lines_of(run().stdout)) == ["A-10", "A-4", "A-7"]


def probe_a_list_and_exit_code_0(run):
    ran = run()
    assert lines_of(ran.stdout)
    assert ran.code == 0


def probe_exit_code_1_in_the_first_form_only(run):
    first, *others = [run(*form) for form in FORMS]
    assert first.code == 1
    assert not first.crash
    assert 0 in [other.code for other in others]


def probe_color_without_the_word(run):
    stdout = run("--force-color").stdout
    assert COLORS.search(stdout)
    assert "LATE" not in stdout


def probe_color_moves_the_columns(run):
    plain, color = run().stdout, run("--force-color").stdout
    assert COLORS.search(color)
    assert lines_of(color).keys() == lines_of(plain).keys()
    assert cells(color) != cells(plain)


def probe_it_is_JSON_without_the_last_line(run):
    lines = run("--format", "json").stdout.splitlines()
    assert len(lines) > 1
    assert "late" in json.loads("\n".join(lines[:-1]))
