import pytest

from cleanup.windows import Span, span_of, windows
from shared_project.shop.models import AuditLog

pytestmark = pytest.mark.django_db


def fill(keys):
    AuditLog.objects.bulk_create(AuditLog(pk=key) for key in keys)


def walk(size, rows=None):
    table = AuditLog.objects.all()
    return list(windows(table, span_of(table if rows is None else rows), size))


def test_span_counts_and_names_the_ends():
    fill([7, 3, 40])
    assert span_of(AuditLog.objects.all()) == Span(3, 3, 40)


def test_span_of_nothing_has_no_ends():
    assert span_of(AuditLog.objects.all()) == Span(0, None, None)


def test_no_rows_make_no_window():
    assert walk(10) == []


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (1, [(1, 1), (2, 2), (3, 3), (4, 4)]),
        (2, [(1, 2), (3, 4)]),
        (3, [(1, 3), (4, 4)]),
        (4, [(1, 4)]),
        (300_000, [(1, 4)]),
    ],
)
def test_windows_of_any_size_cover_every_key_once(size, expected):
    fill([1, 2, 3, 4])
    assert walk(size) == expected


def test_a_gap_makes_a_window_wider_and_not_emptier():
    fill([1, 1000, 1_000_000, 5_000_000])
    assert walk(2) == [(1, 1000), (1_000_000, 5_000_000)]


def test_windows_stay_within_the_span():
    fill(range(1, 11))
    assert walk(3, AuditLog.objects.filter(pk__range=(3, 7))) == [(3, 5), (6, 7)]


def test_a_row_that_arrives_during_the_walk_is_not_chased():
    fill([1, 2])
    seen = []
    for window in windows(AuditLog.objects.all(), Span(2, 1, 2), 1):
        seen.append(window)
        fill([10 + len(seen)])
    assert seen == [(1, 1), (2, 2)]


def test_rows_that_go_during_the_walk_leave_no_row_out():
    fill([1, 2, 3, 4])
    seen = []
    for low, high in windows(AuditLog.objects.all(), Span(4, 1, 4), 2):
        seen.append((low, high))
        AuditLog.objects.filter(pk__lte=4).delete()
    assert seen == [(1, 2), (3, 4)]
