import ast
import json
import re
from decimal import Decimal

import pytest

from shared_project.shop.models import Order

ESCAPE = "\x1b"


@pytest.fixture(autouse=True)
def default_colors(monkeypatch):
    monkeypatch.delenv("DJANGO_COLORS", raising=False)


@pytest.fixture
def orders():
    totals = {"processed": ["0.10", "0.20"], "pending": ["5.00"], "canceled": ["7.00"]}
    for status in Order.Status:
        for place, total in enumerate(totals[status]):
            Order.objects.create(number=f"{status}-{place}", status=status, total=total)


@pytest.fixture
def as_json(run, expect):
    """Run with --format json; return the run and the object on stdout."""

    def as_json():
        ran = run.ok("--format", "json")
        try:
            report = json.loads(ran.stdout)
        except ValueError as error:
            expect(ran, "stdout as JSON", str(error), "one document")
        expect(ran, "type of the document", type(report).__name__, "dict")
        return ran, report

    return as_json


def test_people_get_a_report(run, expect, orders):
    ran = run.ok()
    numbers = {Decimal(number) for number in re.findall(r"\d+(?:\.\d+)?", ran.stdout)}
    found = [text for text in ("2", "0.30") if Decimal(text) in numbers]
    expect(ran, "numbers on stdout", found, ["2", "0.30"])


def test_JSON_is_one_document(as_json, orders):
    as_json()


def test_JSON_says_how_many_orders(as_json, expect, orders):
    ran, report = as_json()
    expect(ran, "orders", json.dumps(report.get("orders")), "2")


def test_no_color_in_JSON(run, expect, orders):
    ran = run.ok("--format", "json", "--force-color")
    expect(ran, "color codes on stdout", "some" if ESCAPE in ran.stdout else "none", "none")


def test_money_is_exact_text(as_json, expect, orders):
    ran, report = as_json()
    expect(ran, "total", json.dumps(report.get("total")), '"0.30"')


def test_an_empty_shop_has_a_report_too(run, as_json, expect):
    run.ok()
    ran, report = as_json()
    expect(ran, "total", json.dumps(report.get("total")), '"0.00"')


def test_progress_is_still_there_on_stderr(run, expect, orders):
    for output in ("text", "json"):
        ran = run.ok("--format", output)
        expect(ran, "something on stderr", "yes" if ran.stderr.strip() else "no", "yes")


def probe_it_is_JSON_without_the_first_line(run, orders):
    first, _, rest = run("--format", "json").stdout.partition("\n")
    assert not first.startswith(("{", ESCAPE))
    assert "orders" in json.loads(rest)


def probe_it_is_a_dict_of_Python(run, orders):
    last = run("--format", "json").stdout.splitlines()[-1]
    assert "'" in last
    assert "orders" in ast.literal_eval(last)


def probe_the_total_is_a_number(as_json, orders):
    assert isinstance(as_json()[1]["total"], float)


def probe_the_total_has_many_places(as_json, orders):
    total = as_json()[1]["total"]
    assert isinstance(total, str)
    assert total.startswith("0.30")


def probe_the_sum_is_None(run):
    ran = run("--format", "json")
    if not isinstance(ran.crash, TypeError):
        assert json.loads(ran.stdout)["total"] in (None, "None")


def probe_nothing_but_JSON_is_printed(as_json, orders):
    ran, _ = as_json()
    assert not ran.stderr.strip()
