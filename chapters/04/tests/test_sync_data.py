import errno
import io
import json
import os
import signal
import sys
import tempfile
from decimal import Decimal
from unittest.mock import Mock

import pytest
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conftest import wait_until_blocked
from shared_project.shop.models import Product
from styling import catalog
from styling.feed import BUNDLED

pytestmark = pytest.mark.django_db

KITE = {"name": "Kite", "price": 9.99, "category": "Toys"}
PEN = {"name": "Pen", "price": 1.5, "category": "Office"}
MUG = {"name": "Mug", "price": 5, "category": "Kitchen"}


@pytest.fixture
def feed(tmp_path):
    def write(*records):
        path = tmp_path / "feed.json"
        path.write_text(json.dumps(records), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def shop():
    Product.objects.create(name="Pen", price=Decimal("1.20"), category="Office")
    Product.objects.create(name="Mug", price=Decimal("5.00"), category="Kitchen")
    Product.objects.create(name="Rake", price=Decimal("7.00"), category="Garden")


def stored():
    return {(product.name, product.price, product.category) for product in Product.objects.all()}


def test_adds_changes_and_leaves_alone(shop, call, feed):
    call("sync_data", source=feed(KITE, PEN, MUG))
    assert stored() == {
        ("Kite", Decimal("9.99"), "Toys"),
        ("Pen", Decimal("1.50"), "Office"),
        ("Mug", Decimal("5.00"), "Kitchen"),
        ("Rake", Decimal("7.00"), "Garden"),
    }


def test_a_product_that_changes_keeps_its_key(shop, call, feed):
    before = Product.objects.get(name="Pen").pk
    call("sync_data", source=feed(PEN))
    assert Product.objects.get(name="Pen").pk == before


def test_the_category_is_brought_up_to_date(shop, call, feed):
    call("sync_data", source=feed({**MUG, "category": "Office"}))
    assert Product.objects.get(name="Mug").category == "Office"


def test_the_second_run_has_nothing_to_change(shop, call, feed):
    source = feed(KITE, PEN, MUG)
    assert call("sync_data", source=source) == (
        "Synchronized 3 products: 1 new, 1 changed, 1 unchanged.\n"
    )
    assert call("sync_data", source=source) == (
        "Nothing to change: 3 of 3 products are up to date.\n"
    )


def test_batches_make_no_difference(shop, call, feed, monkeypatch):
    monkeypatch.setattr(catalog, "BATCH_SIZE", 1)
    call("sync_data", source=feed(KITE, PEN, MUG))
    assert len(stored()) == 4


def test_what_is_unchanged_is_not_written(shop, call, feed):
    source = feed(MUG)
    with CaptureQueriesContext(connection) as queries:
        call("sync_data", source=source)
    assert not [query for query in queries if query["sql"].startswith(("INSERT", "UPDATE"))]


def test_the_bundled_feed_is_the_default(call):
    call("sync_data")
    assert Product.objects.count() == len(json.loads(BUNDLED.read_text(encoding="utf-8"))) == 10


def test_reads_the_feed_from_the_web(call, web):
    web.body(json.dumps([KITE]).encode())
    call("sync_data", source=web.url)
    assert stored() == {("Kite", Decimal("9.99"), "Toys")}


def test_verbosity_0_prints_nothing(shop, call, feed):
    call("sync_data", source=feed(KITE, PEN), verbosity=0)
    assert (call.stdout, call.stderr) == ("", "")
    assert Product.objects.count() == 4


def test_verbosity_1_prints_a_summary(shop, call, feed):
    call("sync_data", source=feed(KITE, PEN, MUG), verbosity=1)
    assert call.stdout.count("\n") == 1
    assert call.stderr == ""


def test_verbosity_2_prints_a_line_a_record(shop, call, feed):
    call("sync_data", source=feed(KITE, PEN, MUG), verbosity=2)
    assert call.stdout.splitlines()[:-1] == [
        "new        Kite",
        "changed    Pen",
        "unchanged  Mug",
    ]
    assert call.stderr == ""


def test_verbosity_3_prints_what_changed_and_on_stderr_what_was_read(shop, call, feed):
    source = feed({**PEN, "category": "Desk"})
    call("sync_data", source=source, verbosity=3)
    assert call.stdout.splitlines()[:-1] == [
        "changed    Pen",
        "           price: '1.20' to '1.50'",
        "           category: 'Office' to 'Desk'",
    ]
    assert call.stderr == f"Reading {source}.\nRead 51 bytes, 1 records.\n"


@pytest.mark.parametrize("stored_name", ["Kite ", " Kite", "Kite\u200b", "Kite\xa0", "\tKite"])
def test_a_new_name_that_looks_like_a_stored_one_is_refused(call, feed, stored_name):
    Product.objects.create(name=stored_name, price=1, category="Toys")
    with pytest.raises(CommandError) as raised:
        call("sync_data", source=feed(PEN, KITE, MUG))
    assert str(raised.value) == (
        f"record 2, name: 'Kite' looks like {stored_name!a}, which is stored: rename that first. "
        "Nothing was changed."
    )
    assert Product.objects.count() == 1


def test_a_new_category_that_looks_like_a_stored_one_is_refused(call, feed):
    Product.objects.create(name="Pen", price=1, category="Office ")
    Product.objects.create(name="Ruler", price=1, category="Office ")
    with pytest.raises(CommandError, match="^record 1, category: 'Office' .* So are 1 more. Noth"):
        call("sync_data", source=feed(PEN, {**MUG, "category": "Office"}))
    assert Product.objects.count() == 2


def test_a_feed_may_replace_a_category_that_is_not_plain(call, feed):
    Product.objects.create(name="Pen", price=1, category="Office ")
    call("sync_data", source=feed(PEN))
    assert stored() == {("Pen", Decimal("1.50"), "Office")}


def test_a_text_that_is_stored_already_as_it_is_is_taken(shop, call, feed):
    Product.objects.create(name="Mug ", price=1, category="Office ")
    call("sync_data", source=feed({**MUG, "category": "Office"}, {**KITE, "category": "Office"}))
    assert Product.objects.get(name="Mug").category == "Office"


def test_a_plain_text_of_another_script_looks_like_no_other(call, feed):
    Product.objects.create(name="B\xfccher", price=1, category="Toys")
    call("sync_data", source=feed({**KITE, "name": "Bucher"}))
    assert Product.objects.count() == 2


def test_without_a_new_text_none_is_compared(shop, call, feed, monkeypatch):
    monkeypatch.setattr(catalog, "refuse_lookalikes", Mock(side_effect=AssertionError))
    call("sync_data", source=feed(PEN, MUG))
    assert Product.objects.get(name="Pen").price == Decimal("1.50")


def test_a_bad_record_changes_nothing(shop, call, feed):
    before = stored()
    with pytest.raises(CommandError, match=r"feed\.json: 1 of 2 records are wrong. Nothing was"):
        call("sync_data", source=feed(KITE, {**PEN, "price": -1}))
    assert stored() == before
    assert call.stdout == ""


def test_errors_name_the_record_and_the_field(call, feed):
    with pytest.raises(CommandError):
        call("sync_data", source=feed(KITE, {**PEN, "price": None}), verbosity=0)
    assert call.stderr == "record 2, price: must be a number such as 10.99, not null.\n"


def test_a_feed_without_records_is_an_error(call, feed):
    with pytest.raises(CommandError, match=r"feed\.json: holds no records\. Nothing was changed"):
        call("sync_data", source=feed())


@pytest.mark.parametrize(("count", "rest"), [(20, ""), (23, "… and 3 more errors.\n")])
def test_after_twenty_errors_the_rest_is_counted(call, feed, count, rest):
    with pytest.raises(CommandError, match=f"{count} of {count} records are wrong"):
        call("sync_data", source=feed(*[1] * count))
    assert call.stderr.endswith(f"record 20: must be an object, not the number '1'.\n{rest}")


def test_what_fails_halfway_is_undone(shop, call, feed, monkeypatch):
    before = stored()
    monkeypatch.setattr(catalog, "BATCH_SIZE", 1)
    real, seen = Product.objects.bulk_create, []

    def fail_at_the_second(products, **options):
        seen.append(products)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return real(products, **options)

    monkeypatch.setattr(Product.objects, "bulk_create", fail_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        call("sync_data", source=feed(KITE, PEN), verbosity=2)
    assert stored() == before
    assert call.stdout == ""


def test_a_list_that_does_not_fit_on_the_disk_changes_nothing(shop, call, feed, monkeypatch):
    before = stored()
    full = OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "flush", Mock(side_effect=full))
    with pytest.raises(CommandError, match="^Folder for temporary files, .*: No space left"):
        call("sync_data", source=feed(KITE, PEN), verbosity=2)
    assert stored() == before
    assert call.stdout == ""


AT_THE_COMMIT = """
import os

from django.db.backends.base.base import BaseDatabaseWrapper

commit = BaseDatabaseWrapper.commit


def stop_and_commit(self):
    os.kill(os.getpid(), {number:d})
    commit(self)


BaseDatabaseWrapper.commit = stop_and_commit
"""


@pytest.mark.posix
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "number", [pytest.param(signal.SIGINT, marks=pytest.mark.full), signal.SIGTERM]
)
def test_a_signal_at_the_commit_does_not_hide_the_work(manage, number):
    # Python runs a module of this name when it starts.
    module = manage.folder / "sitecustomize.py"
    module.write_text(AT_THE_COMMIT.format(number=number), encoding="utf-8")
    done = manage("sync_data", env={"PYTHONPATH": str(manage.folder)})
    assert done.returncode == 0
    assert "but the work was done before: Synchronized 10 products: 10 new, " in done.stderr


@pytest.mark.full
@pytest.mark.posix
@pytest.mark.django_db(transaction=True)
def test_a_signal_while_a_slow_reader_reads_does_not_hide_the_work(manage, feed):
    # More than a pipe holds.
    source = feed(*({**KITE, "name": f"{number} {'x' * 190}"} for number in range(1000)))
    process = manage.start("sync_data", "-v", "2", "--source", source)
    assert process.stdout.read(1) == "n"
    wait_until_blocked(process)
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "but the work was done before: Synchronized 1000 products: 1000 new" in stderr


def test_output_begins_after_the_commit(shop, call, feed, monkeypatch):
    depths = []

    def write(*args, **options):
        depths.append(len(connection.savepoint_ids))

    monkeypatch.setattr("django.core.management.base.OutputWrapper.write", write)
    outside = len(connection.savepoint_ids)
    call("sync_data", source=feed(KITE, PEN), verbosity=2)
    assert depths == [outside] * 3


def test_what_the_shop_said_before_is_printed_escaped(call, feed):
    Product.objects.create(name="Pen", price=Decimal("1.50"), category="Desk\x1b[2J")
    call("sync_data", source=feed(PEN), verbosity=3)
    assert r"category: 'Desk\x1b[2J' to 'Office'" in call.stdout


@pytest.mark.parametrize("name", ["Kite ", "\tKite\n", "Kite\u202e", "Ki\u200bte", "Zoe\u0308"])
@pytest.mark.parametrize("field", ["name", "category"])
def test_a_name_that_only_looks_like_another_is_refused(call, feed, field, name):
    with pytest.raises(CommandError, match="1 of 1 records are wrong"):
        call("sync_data", source=feed({**KITE, field: name}))
    assert call.stderr.startswith(f"record 1, {field}: ")


@pytest.mark.parametrize("source", ["", " ", None])
def test_refuses_an_empty_source(call, source):
    with pytest.raises(CommandError, match="^--source: must be a text that is not empty"):
        call("sync_data", source=source)


@pytest.mark.parametrize("limit", [0, 101, "ten", 1.5])
def test_refuses_a_limit_out_of_bounds(call, limit):
    with pytest.raises(CommandError, match="^--max-size: must be a whole number from 1 to 100"):
        call("sync_data", max_size=limit)


def test_the_limit_counts_in_megabytes(call, tmp_path):
    path = tmp_path / "feed.json"
    path.write_bytes(b" " * (1024 * 1024 + 1))
    with pytest.raises(CommandError, match=r"feed\.json: larger than 1 MB\.$"):
        call("sync_data", "--max-size", "1", source=str(path))


@pytest.mark.full
@pytest.mark.posix
def test_sigterm_and_ctrl_c_end_it_while_the_server_is_silent(manage, web):
    web.silence()
    codes = {signal.SIGTERM: 143, signal.SIGINT: 130}
    processes = {
        number: manage.start("sync_data", "--source", web.url, env={"no_proxy": "*"})
        for number in codes
    }
    for _ in processes:
        assert web.asked.acquire(timeout=60)
    for number, process in processes.items():
        process.send_signal(number)
    assert {number: process.wait(60) for number, process in processes.items()} == codes


def test_reads_the_feed_from_stdin(call, monkeypatch):
    feed = io.BytesIO(json.dumps([KITE]).encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(feed))
    stdout = call("sync_data", source="-")
    assert stdout == "Synchronized 1 products: 1 new, 0 changed, 0 unchanged.\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "stdin: line 1, column 1: Expecting '[', a JSON array of rows."),
        ("[]".encode("utf-16"), "stdin: line 1: not UTF-8 text."),
        (b" " * (1024 * 1024 + 1), "stdin: larger than 1 MB."),
        (b"[1]", "stdin: 1 of 1 records are wrong. Nothing was changed."),
    ],
    ids=["empty", "UTF-16", "large", "wrong"],
)
def test_what_is_wrong_with_stdin_is_one_line(call, monkeypatch, content, message):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    with pytest.raises(CommandError) as raised:
        call("sync_data", "--max-size", "1", source="-")
    assert str(raised.value) == message


@pytest.mark.full
@pytest.mark.posix
def test_a_stdin_that_is_closed_is_one_line(manage):
    process = manage.start(
        "sync_data", "--source", "-", stdin=None, preexec_fn=lambda: os.close(0)
    )
    _, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr.startswith("CommandError: stdin: closed.")) == (1, True)


@pytest.mark.full
@pytest.mark.posix
def test_ctrl_d_ends_the_feed_on_a_terminal(manage):
    keys = [("Reading stdin.", json.dumps([KITE]) + "\n\x04")]
    done = manage.terminal("sync_data", "--source", "-", "-v", "3", keys=keys)
    assert done.returncode == 0
    assert "Synchronized 1 products: 1 new" in done.stdout


@pytest.mark.full
@pytest.mark.posix
@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, 143), (signal.SIGINT, 130)],
)
def test_a_signal_ends_it_while_it_waits_for_stdin(manage, number, code):
    keys = [("Reading stdin.", number)]
    assert manage.terminal("sync_data", "--source", "-", "-v", "3", keys=keys).returncode == code


@pytest.mark.full
@pytest.mark.posix
@pytest.mark.django_db(transaction=True)
def test_a_reader_that_leaves_does_not_undo_the_work(manage):
    process = manage.start("sync_data", "-v", "2")
    process.stdout.close()
    assert process.wait(60) == 141
    assert process.stderr.read() == ""
    if connection.vendor == "sqlite":
        assert manage.rows("SELECT COUNT(*) FROM shop_product") == [(10,)]
    else:
        assert Product.objects.count() == 10


def test_a_redirected_stderr_gets_no_escapes(call, feed):
    with pytest.raises(CommandError):
        call("sync_data", source=feed(1), force_color=True)
    assert call.stderr == "record 1: must be an object, not the number '1'.\n"


@pytest.mark.posix
def test_a_terminal_gets_color(manage, feed):
    done = manage.terminal("sync_data", "--source", feed(1))
    assert "\x1b[31;1mrecord 1: " in done.stdout
