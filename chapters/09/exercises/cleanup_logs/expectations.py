import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.utils import timezone

from shared_project.shop.models import AuditLog

FRESH = 5
NIGHT = ("--batch-size", "11", "--max-seconds", "35")


def store(count, days=200):
    created = timezone.now() - timedelta(days=days)
    AuditLog.objects.bulk_create(
        AuditLog(actor="somebody", action=f"looked at product {number}", created_at=created)
        for number in range(count)
    )


@pytest.fixture(autouse=True)
def fresh_logs():
    store(FRESH, days=20)


def old():
    return AuditLog.objects.filter(created_at__lt=timezone.now() - timedelta(days=90)).count()


def printed(text, wanted):
    """Return `wanted` where it is among the numbers in the text, or else all of these."""
    numbers = re.findall(r"\b\d+\b", text)
    return wanted if str(wanted) in numbers else numbers


@pytest.fixture
def slow(clock):
    """Let each DELETE take 10 seconds, and each SELECT `reading` seconds.

    `begun` has the seconds since the start at which each DELETE has begun. After the first one,
    somebody sets the clock back by `set_back` seconds.
    """
    slow = SimpleNamespace(begun=[], reading=0, set_back=0)
    start = clock.seconds

    def wrap(execute, sql, parameters, many, context):
        result = execute(sql, parameters, many, context)
        if sql.startswith("SELECT"):
            clock.advance(slow.reading)
        if sql.startswith("DELETE"):
            slow.begun.append(clock.seconds - start)
            clock.advance(10)
            if len(slow.begun) == 1:
                clock.set_back(slow.set_back)
        return result

    with connection.execute_wrapper(wrap):
        yield slow


def test_it_deletes_the_old_logs(run, expect):
    store(25)
    ran = run.ok("--batch-size", "11")
    left = [old(), AuditLog.objects.count() - old()]
    expect(ran, "logs left, old and fresh", left, [0, FRESH])


def test_no_delete_is_larger_than_a_batch(run, expect, writes):
    store(25)
    writes.clear()
    ran = run.ok("--batch-size", "11")
    largest = max(writes, default=0)
    expect(
        ran, "rows in the largest DELETE", largest if largest > 11 else "at most 11", "at most 11"
    )


def test_it_stops_when_the_time_is_up(run, expect, slow):
    store(137)
    ran = run(*NIGHT)
    late = sum(seconds >= 35 for seconds in slow.begun)
    expect(ran, "DELETEs that begin after 35 seconds, if each takes 10", late, 0)


def test_every_night_deletes_at_least_one_batch(run, expect, slow):
    store(137)
    slow.reading = 40
    ran = run(*NIGHT)
    deleted = "at least 1" if slow.begun else 0
    expect(ran, "batches deleted, if each SELECT takes 40 seconds", deleted, "at least 1")


def test_it_says_how_many_were_deleted(run, expect):
    store(37)
    ran = run.ok("--batch-size", "10")
    expect(ran, "number on stdout", printed(ran.stdout, 37), 37)


def test_it_says_on_stderr_how_many_are_left(run, expect, slow):
    store(137)
    ran = run(*NIGHT)
    expect(ran, "number on stderr", printed(ran.stderr, old()), old())


def test_a_planned_stop_is_exit_code_0(run, slow):
    store(137)
    run.ok(*NIGHT)


def test_setting_the_clock_back_does_not_matter(run, expect, slow):
    store(137)
    slow.set_back = 3600
    ran = run(*NIGHT)
    late = sum(seconds >= 35 for seconds in slow.begun)
    expect(ran, "DELETEs that begin after 35 seconds, if each takes 10", late, 0)


def test_the_next_nights_go_on(run, expect, slow):
    store(137)
    for _ in range(10):
        ran = run(*NIGHT)
    expect(ran, "old logs left after ten nights", old(), 0)


def probe_some_are_left_with_all_the_time(run):
    store(25)
    run("--batch-size", "11")
    assert 0 < old() < 25


def probe_it_goes_on_when_a_batch_takes_too_long(run, slow):
    store(137)
    run("--batch-size", "11", "--max-seconds", "5")
    assert len(slow.begun) > 5


def probe_it_stops_when_a_batch_takes_too_long(run, slow):
    store(137)
    run("--batch-size", "11", "--max-seconds", "5")
    assert len(slow.begun) == 1


def probe_it_counts_whole_batches(run):
    store(37)
    assert printed(run("--batch-size", "10").stdout, 40) == 40


def probe_what_is_left_is_on_stdout(run, slow):
    store(137)
    stdout = run(*NIGHT).stdout
    assert old() > 0
    assert printed(stdout, old()) == old()


def probe_the_fresh_ones_are_counted(run, slow):
    store(137)
    stderr = run(*NIGHT).stderr
    assert printed(stderr, old() + FRESH) == old() + FRESH


def probe_it_stops_with_an_error(run, slow):
    store(137)
    ran = run(*NIGHT)
    assert ran.code
    assert not ran.crash
    assert old() < 137
