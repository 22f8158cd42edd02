import json
import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection

from shared_project.shop.models import Order

MOMENT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
COUNT = 2500


@pytest.fixture
def two_orders():
    for number, total, status in (("A-1", "12.50", "pending"), ("A-2", "0.10", "processed")):
        Order.objects.create(number=number, total=Decimal(total), status=status, created_at=MOMENT)


@pytest.fixture
def many_orders():
    Order.objects.bulk_create(
        Order(number=f"B-{n:04}", total=1, created_at=MOMENT) for n in range(COUNT)
    )


def objects_in(text):
    """Return the JSON objects in `text`, however they are laid out, and the text around them."""
    objects, around, at = [], "", 0
    while at < len(text):
        try:
            value, end = json.JSONDecoder().raw_decode(text, at)
        except ValueError:
            value, end = None, at
        if isinstance(value, dict):
            objects.append(value)
            at = end
        else:
            around += text[at]
            at += 1
    return objects, around


def values(ran, key):
    return [row.get(key, "nothing") for row in objects_in(ran.stdout)[0]]


def test_it_exports_the_orders(run, expect, two_orders):
    ran = run.ok()
    exported = [number for number in ("A-1", "A-2") if re.search(rf"\b{number}\b", ran.stdout)]
    expect(ran, "orders on stdout", exported, ["A-1", "A-2"])


def test_each_line_is_one_order(run, expect, two_orders):
    ran = run.ok()
    numbers = []
    for line in ran.stdout.splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            numbers.append(row.get("number"))
    expect(ran, "lines that are the JSON of one order", numbers, ["A-1", "A-2"])


def test_totals_keep_their_cents(run, expect, two_orders):
    ran = run.ok()
    shown = [json.dumps(total) for total in values(ran, "total")]
    expect(ran, "total", shown, ['"12.50"', '"0.10"'])


def test_dates_are_ISO_8601_with_an_offset(run, expect, two_orders):
    ran = run.ok()
    wanted = MOMENT.isoformat()
    shown = [wanted if is_moment(text) else text for text in values(ran, "created_at")]
    expect(ran, "created_at", shown, [wanted, wanted])


def is_moment(text):
    try:
        return text[10] == "T" and datetime.fromisoformat(text) == MOMENT
    except (TypeError, ValueError, IndexError):
        return False


def test_the_status_is_as_stored(run, expect, two_orders):
    ran = run.ok()
    expect(ran, "status", values(ran, "status"), ["pending", "processed"])


def test_nothing_but_orders_is_on_stdout(run, expect, two_orders):
    ran = run.ok()
    around = " ".join(objects_in(ran.stdout)[1].strip("[], \n").split())
    expect(ran, "other text on stdout", around, "")


def test_a_big_table_is_read_in_pieces(run, expect, many_orders, fetches):
    ran = run.ok()
    most = max(fetches, default=0)
    held = "at most 2,000" if most <= 2000 else f"{most:,}"
    expect(ran, "orders held at once", held, "at most 2,000")


def test_the_first_orders_are_out_before_the_last_is_read(run, expect, many_orders):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE shop_order SET total = 'n/a' WHERE number = 'B-2250'")
    ran = run()
    printed = "some" if "B-0000" in ran.stdout or "B-2499" in ran.stdout else "none"
    line = f"{ran.line}, with a damaged total in order 2,250 of {COUNT:,}"
    expect(line, "orders on stdout when it fails", printed, "some")


def probe_it_is_json_but_not_line_by_line(run, two_orders):
    assert values(run(), "number") == ["A-1", "A-2"]


def probe_it_is_the_notation_of_python(run, two_orders):
    assert "'number'" in run().stdout


def probe_the_totals_have_been_floats(run, two_orders):
    assert [str(total) for total in values(run(), "total")] == ["12.5", "0.1"]


def probe_the_dates_are_what_str_makes(run, two_orders):
    assert values(run(), "created_at") == [str(MOMENT), str(MOMENT)]


def probe_the_status_is_its_label(run, two_orders):
    assert values(run(), "status") == ["Pending", "Processed"]
