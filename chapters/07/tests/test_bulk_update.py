import sqlite3
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management.base import CommandError
from django.db import OperationalError, connection, transaction

from shared_project.shop.models import CartItem, Product
from shared_project.toolkit import locks, output
from transactions import prices as prices_module
from transactions.categories import category_name
from transactions.management.commands.bulk_update import Command

BEFORE = {"Novel": "10.99", "Atlas": "1.15", "Pen": "0.01", "Robot": "100.00"}
AFTER = {"Novel": "12.09", "Atlas": "1.27", "Pen": "0.01", "Robot": "110.00"}


def after(statement, action):
    """Return an execute wrapper that calls `action` when `statement` has been executed."""

    def wrapper(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if sql.startswith(statement):
            action()
        return result

    return wrapper


def stop():
    raise KeyboardInterrupt


def test_changes_every_price_to_the_cent(call, products, prices):
    call("bulk_update", percentage="10")
    assert prices() == AFTER


def test_a_filter_finds_the_new_price(call, products):
    call("bulk_update", percentage="10")
    assert Product.objects.get(price=Decimal("12.09")).name == "Novel"


def test_a_negative_percentage_lowers_prices(call, products, prices):
    call("bulk_update", "--percentage", "-2.5")
    assert prices() == {"Novel": "10.72", "Atlas": "1.12", "Pen": "0.01", "Robot": "97.50"}


def test_counts_only_prices_that_really_changed(call, products):
    assert call("bulk_update", percentage="10") == "Changed 3 of 4 prices by +10 %.\n"


def test_changes_only_the_category(call, products, prices):
    output = call("bulk_update", percentage="10", category="Books")
    assert output == "Changed 2 of 2 prices in 'Books' by +10 %.\n"
    assert prices() == AFTER | {"Robot": "100.00"}


def test_writes_no_column_but_the_price(call, products, django_assert_num_queries):
    with django_assert_num_queries(4 if connection.vendor == "sqlite" else 10) as queries:
        call("bulk_update", percentage="10")
    (update,) = [q["sql"] for q in queries if q["sql"].startswith("UPDATE")]
    assert update.startswith('UPDATE "shop_product" SET "price" = ')
    assert '", "' not in update
    assert '"name"' not in update


def test_verbosity_0_prints_nothing(call, products, prices):
    assert call("bulk_update", percentage="10", verbosity=0) == call.stderr == ""
    assert prices() == AFTER


def test_verbosity_2_lists_old_and_new_prices_that_changed(call, products):
    assert call("bulk_update", percentage="10", verbosity=2) == (
        "Novel: 10.99 -> 12.09\n"
        "Atlas: 1.15 -> 1.27\n"
        "Robot: 100.00 -> 110.00\n"
        "Changed 3 of 4 prices by +10 %.\n"
    )


def test_a_name_cannot_forge_a_line_of_the_list(call, db):
    Product.objects.create(name="Pen\nAll checks passed", price=1, category="Office")
    output = call("bulk_update", percentage="10", verbosity=2)
    assert output.startswith("Pen\\nAll checks passed: 1.00 -> 1.10\n")


@pytest.mark.parametrize("percentage", ["10", "-50", "0", "0.0001"])
@pytest.mark.parametrize("category", [None, "Books"])
def test_a_dry_run_prints_what_the_run_prints(call, products, percentage, category):
    options = {"percentage": percentage, "category": category, "verbosity": 2}
    dry_run = call("bulk_update", dry_run=True, **options)
    assert dry_run.replace("Would change", "Changed") == call("bulk_update", **options)


def test_a_dry_run_changes_nothing(call, products, prices):
    assert call("bulk_update", percentage="10", dry_run=True) == (
        "Would change 3 of 4 prices by +10 %.\n"
    )
    assert prices() == BEFORE


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize(
    ("price", "percentage"),
    [("99999999.99", "0.0001"), ("99999999.99", "10000"), ("990099.01", "10000")],
)
def test_refuses_a_price_that_does_not_fit_and_changes_nothing(
    call, products, prices, price, percentage, dry_run
):
    Product.objects.create(name="Yacht", price=Decimal(price), category="Toys")
    with pytest.raises(CommandError, match="'Yacht' would cost"):
        call("bulk_update", percentage=percentage, dry_run=dry_run)
    assert prices() == BEFORE | {"Yacht": price}


def test_names_the_product_whose_price_does_not_fit(call, products):
    Product.objects.create(name="Yacht", price=Decimal("50000000.00"), category="Toys")
    with pytest.raises(
        CommandError,
        match=r"^'Yacht' would cost 100000000.00, and 99999999.99 is the most that fits. "
        r"Nothing changed.$",
    ):
        call("bulk_update", percentage="100")


@pytest.mark.parametrize(
    ("before", "percentage", "after"),
    [("90909090.90", "10", "99999999.99"), ("990099.00", "10000", "99999999.00")],
)
def test_takes_the_highest_price_that_fits(call, db, prices, before, percentage, after):
    Product.objects.create(name="Yacht", price=Decimal(before), category="Toys")
    call("bulk_update", percentage=percentage)
    assert prices() == {"Yacht": after}


def test_refuses_to_compute_with_a_price_that_was_too_high_before(call, products, monkeypatch):
    monkeypatch.setattr(prices_module, "HIGHEST_PRICE", Decimal("99.99"))
    with pytest.raises(CommandError, match="^'Robot' costs 100.00"):
        call("bulk_update", percentage="-50")


@pytest.mark.parametrize(
    "percentage", ["nan", "inf", "1e400", "-100", "-150", "10001", "0.00001", "", "ten"]
)
def test_refuses_a_percentage_that_is_none(call, products, prices, percentage):
    with pytest.raises(CommandError, match="argument --percentage: must (be|have) "):
        call("bulk_update", f"--percentage={percentage}")
    assert prices() == BEFORE


def test_a_percentage_with_more_than_four_places_is_a_usage_error(manage):
    done = manage("bulk_update", "--percentage", "0.00001")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(
        "argument --percentage: must have at most four decimal places, not '0.00001'.\n"
    )


@pytest.mark.parametrize("percentage", [float("nan"), 0.1, -100, 10_001, True, Decimal("NaN")])
def test_refuses_a_percentage_that_skipped_argparse(call, products, percentage):
    with pytest.raises(CommandError, match="^--percentage: must be "):
        Command().handle(percentage=percentage, category=None, dry_run=False, verbosity=1)


@pytest.fixture
def passed(monkeypatch):
    """The options that reach `handle`, which does nothing else."""
    calls = []
    monkeypatch.setattr(Command, "handle", lambda _, **options: calls.append(options))
    return calls


def test_a_required_option_that_code_passes_is_parsed_but_not_converted(call, passed):
    with pytest.raises(CommandError, match="argument --percentage: must be a number"):
        call("bulk_update", percentage="nan")
    call("bulk_update", percentage="10")
    call("bulk_update", percentage=0.1)
    assert [options["percentage"] for options in passed] == ["10", 0.1]


def test_another_option_that_code_passes_is_not_parsed(call, passed):
    call("bulk_update", percentage="10", category="")
    assert passed[0]["category"] == ""


def test_until_python_3_13_a_dash_and_no_plain_number_need_an_equals_sign(call, products):
    assert call("bulk_update", "--percentage=-5.").endswith("by -5 %.\n")
    if sys.version_info < (3, 14):
        with pytest.raises(CommandError, match="--percentage: expected one argument"):
            call("bulk_update", "--percentage", "-5.")
    else:
        assert call("bulk_update", "--percentage", "-5.").endswith("by -5 %.\n")


def test_requires_a_percentage(call, db):
    with pytest.raises(CommandError, match="required: --percentage"):
        call("bulk_update")


@pytest.mark.parametrize("category", ["", "  ", 3, "a\0", "\udcff"])
def test_refuses_a_category_that_is_none(call, products, prices, category):
    with pytest.raises(CommandError, match="^--category: must be a text that "):
        call("bulk_update", percentage="10", category=category)
    assert prices() == BEFORE


@pytest.mark.parametrize("name", ["\ud7ff", "\ue000", "Bücher"])
def test_a_category_has_any_name_that_a_database_can_hold(name):
    assert category_name(name) == name


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize(
    ("category", "hint"),
    [
        ("BOOKS", "Did you mean 'Books'?"),
        ("Toy", "Did you mean 'Toys'?"),
        ("Garden", "There are: 'Books', 'Office', 'Toys'."),
    ],
)
def test_an_unknown_category_is_an_error_with_a_hint(call, products, category, hint, dry_run):
    with pytest.raises(CommandError) as raised:
        call("bulk_update", percentage="10", category=category, dry_run=dry_run)
    assert str(raised.value) == f"No product is in the category '{category}'. {hint}"


def test_a_long_list_of_categories_is_cut(call, db):
    for number in range(11):
        Product.objects.create(name=f"Pen {number}", price=1, category=f"{number:02}")
    with pytest.raises(CommandError, match=r"There are: '00', .*, '09', …\.$"):
        call("bulk_update", percentage="10", category="Garden")


def test_a_shop_without_products_says_so(call, db):
    with pytest.raises(CommandError, match="There are no products at all.$"):
        call("bulk_update", percentage="10", category="Books")
    assert call("bulk_update", percentage="10") == "Changed 0 of 0 prices by +10 %.\n"


def test_ctrl_c_before_the_commit_changes_nothing(call, products, prices):
    with connection.execute_wrapper(after("UPDATE", stop)), pytest.raises(KeyboardInterrupt):
        call("bulk_update", percentage="10", verbosity=2)
    assert (prices(), call.stdout) == (BEFORE, "")


@pytest.mark.django_db(transaction=True)
def test_a_constraint_that_fails_at_the_commit_claims_nothing(call, products, prices):
    # A key to a session that is not there is checked when the transaction commits.
    broken = CartItem(session_id=9, product=products[0])
    with (
        connection.execute_wrapper(after("UPDATE", broken.save)),
        pytest.raises(CommandError, match="^The database refused: .*Nothing changed.$"),
    ):
        call("bulk_update", percentage="10", verbosity=2)
    assert (prices(), call.stdout) == (BEFORE, "")


@pytest.mark.django_db(transaction=True)
def test_runs_in_no_transaction_that_somebody_else_could_roll_back(call, products):
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        call("bulk_update", percentage="10")


@pytest.fixture
def busy(tmp_path):
    """An OperationalError as Django raises it where SQLite waited for a lock in vain."""
    first, second = (sqlite3.connect(tmp_path / "busy.sqlite3", timeout=0) for _ in "12")
    first.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError) as raised:
        second.execute("BEGIN IMMEDIATE")
    first.close()
    second.close()
    error = OperationalError("database is locked")
    error.__cause__ = raised.value
    return error


def test_a_lock_that_another_holds_is_one_line(call, products, monkeypatch, busy):
    def lock_table(model, on_wait):
        raise busy

    monkeypatch.setattr(prices_module, "lock_table", lock_table)
    with pytest.raises(CommandError, match="Nothing changed; run the command again.$"):
        call("bulk_update", percentage="10")


def test_an_error_that_is_no_lock_stays_what_it_is():
    assert not locks.is_conflict(OperationalError("disk is full"))


@pytest.mark.parametrize(
    ("name", "conflict"),
    [("SQLITE_BUSY", True), ("SQLITE_BUSY_RECOVERY", True), ("SQLITE_FULL", False)],
)
def test_sqlite_says_in_more_than_one_way_that_it_is_busy(name, conflict):
    error = OperationalError("…")
    error.__cause__ = sqlite3.OperationalError("…")
    error.__cause__.sqlite_errorname = name
    assert locks.is_conflict(error) == conflict


@pytest.mark.posix
@pytest.mark.filesystem
@pytest.mark.parametrize("dry_run", [False, True])
def test_a_list_that_does_not_fit_on_the_disk_changes_nothing(
    call, products, prices, monkeypatch, dry_run
):
    monkeypatch.setattr(output, "MEGABYTE", 1)
    full = Path("/dev/full")
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: full.open("w+"))
    with pytest.raises(CommandError, match="^Folder for temporary files, .*: No space left "):
        call("bulk_update", percentage="10", verbosity=2, dry_run=dry_run)
    assert (prices(), call.stdout) == (BEFORE, "")


@pytest.mark.posix
@pytest.mark.django_db(transaction=True)
def test_a_reader_that_leaves_does_not_roll_back(manage, products, stored):
    process = manage.start("bulk_update", "--percentage", "10", "-v", "2")
    process.stdout.close()
    assert (process.wait(60), process.stderr.read()) == (141, "")
    assert stored() == AFTER


@pytest.mark.full
@pytest.mark.django_db(transaction=True)
def test_two_at_once_both_count(manage, products, stored):
    both = [manage.start("bulk_update", "--percentage", "10") for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert stored()["Robot"] == "121.00"
