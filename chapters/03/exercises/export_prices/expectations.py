import csv

import pytest
from django.db import connection

from shared_project.shop.models import Product

ARGS = ("--output", "prices.csv")
AWKWARD = 'Mug "Ada", blue\nor green'
YESTERDAY = "name,price | Mug,8.00 | Pen,1.00 | Rug,30.00"


@pytest.fixture(autouse=True)
def prices_csv(tmp_path, monkeypatch):
    """The path of yesterday's list. It is alone in its folder, where the command is run."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "prices.csv"
    path.write_text(YESTERDAY.replace(" | ", "\n") + "\n", encoding="utf-8")
    return path


@pytest.fixture
def products():
    for name, price in (("Mug", "9.50"), ("Pen", "1.20"), ("Rug", "35.00")):
        Product.objects.create(name=name, price=price, category="things")


@pytest.fixture
def damaged(products):
    """The last price is no number: reading it fails."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE shop_product SET price = 'n/a' WHERE name = 'Rug'")


def text_of(path):
    return path.read_text(encoding="utf-8") if path.exists() else "no file"


def shown(path):
    return " | ".join(text_of(path).splitlines()) or "an empty file"


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row for row in csv.reader(file) if row not in ([], ["name", "price"])]


def beside(path):
    return sorted(other.name for other in path.parent.iterdir() if other != path)


def with_damage(run):
    ran = run(*ARGS)
    return ran, f"{ran.line}, with a damaged price"


def interrupted(run):
    def stop(*args):
        raise KeyboardInterrupt

    with connection.execute_wrapper(stop):
        ran = run(*ARGS)
    return f"{ran.line}, and Ctrl-C while it reads the prices"


def watched(run, path):
    """Run; return what was in the list whenever the command asked the database."""
    seen = []

    def look(execute, *args):
        seen.append(shown(path))
        return execute(*args)

    with connection.execute_wrapper(look):
        ran = run.ok(*ARGS)
    return ran, seen


def test_it_writes_the_price_list(run, expect, prices_csv, products):
    ran = run.ok(*ARGS)
    rows = sorted(" for ".join(row) for row in rows_of(prices_csv))
    expect(ran, "in the file", rows, ["Mug for 9.50", "Pen for 1.20", "Rug for 35.00"])


def test_a_name_with_comma_quote_and_line_break_survives(run, expect, prices_csv):
    Product.objects.create(name=AWKWARD, price="9.50", category="things")
    ran = run.ok(*ARGS)
    expect(ran, "as csv.reader reads it", rows_of(prices_csv), [[AWKWARD, "9.50"]])


def test_a_failure_leaves_the_old_list_as_it_was(run, expect, prices_csv, damaged):
    _, line = with_damage(run)
    expect(line, "prices.csv", shown(prices_csv), YESTERDAY)


def test_a_failure_leaves_nothing_else_behind(run, expect, prices_csv, damaged):
    _, line = with_damage(run)
    expect(line, "beside prices.csv", beside(prices_csv), [])


def test_an_interruption_leaves_nothing_else_behind(run, expect, prices_csv, products):
    line = interrupted(run)
    expect(line, "beside prices.csv", beside(prices_csv), [])


def test_a_failure_is_not_exit_code_0(run, expect, damaged):
    ran, line = with_damage(run)
    expect(line, "exit code", "not 0" if ran.code else "0", "not 0")


def test_a_big_table_is_read_in_pieces(run, expect, fetches):
    Product.objects.bulk_create(
        Product(name=f"Product {n:04}", price=1, category="things") for n in range(2500)
    )
    ran = run.ok(*ARGS)
    most = max(fetches, default=0)
    held = "at most 2,000" if most <= 2000 else f"{most:,}"
    expect(ran, "products held at once", held, "at most 2,000")


def test_the_new_list_replaces_the_old_one_in_one_step(run, expect, prices_csv, products):
    before = prices_csv.stat().st_ino
    ran, seen = watched(run, prices_csv)
    expect(ran, "prices.csv while it runs", " / ".join({*seen}), YESTERDAY)
    way = "written over" if before and prices_csv.stat().st_ino == before else "replaced"
    expect(ran, "the old file is", way, "replaced")


def probe_the_name_is_in_the_file_as_it_is(run, prices_csv):
    Product.objects.create(name=AWKWARD, price="9.50", category="things")
    run(*ARGS)
    assert AWKWARD in text_of(prices_csv)


def probe_there_is_half_a_list(run, prices_csv, damaged):
    with_damage(run)
    assert prices_csv.exists()
    assert "Rug" not in text_of(prices_csv)


def probe_there_is_no_list_at_all(run, prices_csv, damaged):
    with_damage(run)
    assert not prices_csv.exists()


def probe_the_old_list_is_gone_while_it_runs(run, prices_csv, products):
    _, seen = watched(run, prices_csv)
    assert {*seen} != {YESTERDAY}


def probe_the_old_file_is_written_over(run, prices_csv, products):
    before = prices_csv.stat().st_ino
    _, seen = watched(run, prices_csv)
    assert {*seen} == {YESTERDAY}
    assert prices_csv.stat().st_ino == before
