import pytest

from shared_project.shop.models import AuditLog
from shared_project.toolkit.batches import AdaptiveBatchSize, KeyRange, key_range, pk_ranges

pytestmark = pytest.mark.django_db


def fill(keys):
    AuditLog.objects.bulk_create(AuditLog(pk=key) for key in keys)


def walk(size, rows=None):
    table = AuditLog.objects.all()
    return list(
        pk_ranges(table, key_range(table if rows is None else rows), AdaptiveBatchSize(size))
    )


def test_span_counts_and_names_the_ends():
    fill([7, 3, 40])
    assert key_range(AuditLog.objects.all()) == KeyRange(3, 3, 40)


def test_span_of_nothing_has_no_ends():
    assert key_range(AuditLog.objects.all()) == KeyRange(0, None, None)


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
    for window in pk_ranges(AuditLog.objects.all(), KeyRange(2, 1, 2), AdaptiveBatchSize(1)):
        seen.append(window)
        fill([10 + len(seen)])
    assert seen == [(1, 1), (2, 2)]


def test_the_next_window_is_as_wide_as_the_pace_says_by_then():
    fill(range(1, 301))
    pace = AdaptiveBatchSize(1000)
    walk = pk_ranges(AuditLog.objects.all(), KeyRange(300, 1, 300), pace)
    assert next(walk) == (1, 100)
    pace.took(0.001)
    assert list(walk) == [(101, 300)]


def test_rows_that_go_during_the_walk_leave_no_row_out():
    fill([1, 2, 3, 4])
    seen = []
    for low, high in pk_ranges(AuditLog.objects.all(), KeyRange(4, 1, 4), AdaptiveBatchSize(2)):
        seen.append((low, high))
        AuditLog.objects.filter(pk__lte=4).delete()
    assert seen == [(1, 2), (3, 4)]


def sizes(most, *durations):
    pace = AdaptiveBatchSize(most)
    found = [pace.size]
    for seconds in durations:
        pace.took(seconds)
        found.append(pace.size)
    return found


def test_short_batches_double_at_most_from_100_up_to_the_most():
    assert sizes(700, 0.0, 0.001, 0.002, 0.0, 0.0) == [100, 200, 400, 600, 700, 700]


def test_a_batch_that_takes_3_ms_keeps_its_size():
    assert sizes(1000, 0.001, 0.003) == [100, 200, 200]


def test_after_a_long_batch_the_next_is_as_large_as_fits_3_ms():
    assert sizes(1000, *[0.0] * 4, 0.012, 0.006)[-3:] == [1000, 250, 125]


def test_no_batch_is_smaller_than_100():
    assert sizes(1000, 1.0, 1.0) == [100, 100, 100]


@pytest.mark.parametrize("most", [1, 10, 100])
def test_up_to_100_all_batches_have_the_size_asked_for(most):
    assert sizes(most, 0.0, 1.0) == [most] * 3
