import re
import signal
import time
from datetime import timedelta
from itertools import islice

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.core.management.base import CommandError
from django.utils import timezone

from shared_project.shop import demo
from shared_project.shop.management.commands import load_demo
from shared_project.shop.models import AuditLog, Customer, Order, Product, Session, TempFile

pytestmark = pytest.mark.django_db


@pytest.fixture
def loaded(call):
    return call("load_demo")


def test_says_what_it_loaded(loaded):
    assert loaded == (
        "Loaded 60 users, 120 products, 20 customers, 300 orders, 345 audit logs, "
        "100 sessions, 50 cart items, 5 temp files.\n"
    )


def test_a_second_run_changes_nothing(loaded, call):
    Product.objects.filter(pk=1).update(price=1)
    before = list(Product.objects.values()) + list(AuditLog.objects.values())
    assert call("load_demo") == "The demo shop is loaded already; nothing has changed.\n"
    assert list(Product.objects.values()) + list(AuditLog.objects.values()) == before


def test_rows_that_went_come_back(loaded, call):
    AuditLog.objects.filter(pk__lte=10).delete()
    assert "Loaded 0 users" in call("load_demo")
    assert AuditLog.objects.count() == 345


def test_scale_multiplies_the_rows(call):
    call("load_demo", scale=2)
    assert (User.objects.count(), Order.objects.count()) == (120, 600)


def test_more_than_a_batch_is_loaded_whole(call, monkeypatch):
    monkeypatch.setattr(load_demo, "BATCH_SIZE", 7)
    call("load_demo")
    assert Product.objects.count() == 120


@pytest.mark.parametrize("scale", ["0", "-1", "10001", "many", "1.5"])
def test_a_scale_out_of_bounds_is_refused(call, scale):
    with pytest.raises(CommandError, match="must be a whole number from 1 to 10000"):
        call("load_demo", f"--scale={scale}")


@pytest.mark.parametrize("scale", [0, 10001, True, "many"])
def test_a_scale_that_skipped_argparse_is_checked_too(call, scale):
    with pytest.raises(CommandError, match="^--scale: must be a whole number from 1 to 10000"):
        call("load_demo", scale=scale)


@pytest.mark.parametrize("again", [False, True])
def test_verbosity_0_prints_nothing(call, again):
    if again:
        call("load_demo")
    assert call("load_demo", verbosity=0) == ""
    assert call.stderr == ""


def test_a_cleanup_has_work_and_leaves_some(loaded):
    cutoff = timezone.now() - timedelta(days=90)
    for model, field in [
        (AuditLog, "created_at"),
        (Session, "last_activity"),
        (TempFile, "uploaded_at"),
    ]:
        old = model.objects.filter(**{f"{field}__lt": cutoff}).count()
        assert 0 < old < model.objects.count()


def test_temporary_files_are_stored(loaded):
    assert all(default_storage.exists(row.file.name) for row in TempFile.objects.all())


def test_nobody_can_sign_in_with_a_demo_account(loaded):
    assert not any(user.has_usable_password() for user in User.objects.all())


def test_some_users_are_inactive_and_some_orders_pending(loaded):
    assert 0 < User.objects.filter(is_active=False).count() < 60
    assert 0 < Order.objects.filter(status=Order.Status.PENDING).count() < 300


def test_few_legacy_texts_name_no_address(loaded):
    assert Order.objects.exclude(legacy_customer__contains="@").count() == 3


def test_every_row_is_valid(loaded):
    for model in (Product, Customer, Order):
        for row in model.objects.all():
            row.full_clean(validate_unique=False, validate_constraints=False)


@pytest.mark.parametrize("rows", [demo.users, demo.products, demo.orders, demo.sessions])
def test_names_stay_unlike_when_the_shop_grows(rows):
    fields = {demo.users: "username", demo.products: "name", demo.orders: "number"}
    field = fields.get(rows, "key")
    names = [getattr(row, field) for row in islice(rows(100, timezone.now()), 9000)]
    assert len(set(names)) == len(names)


@pytest.mark.posix
def test_a_bar_shows_on_a_terminal_only(manage):
    assert "1000/1000" in manage.terminal("load_demo").stdout
    assert manage("load_demo").stderr == ""


@pytest.mark.parametrize(
    ("model", "fields", "named"),
    [
        (Product, {"name": "Classic Novel", "price": 1}, "its product 'Classic Novel' "),
        (Session, {"key": "0000000100000000"}, "its session '0000000100000000' "),
    ],
)
def test_what_another_shop_has_in_the_way_is_named(call, model, fields, named):
    model.objects.create(pk=1000, **fields)
    with pytest.raises(CommandError, match=f"^Another shop is in the way: {named}") as caught:
        call("load_demo")
    assert "of its own: set DJANGO_DATA_DIR to an empty folder" in str(caught.value)
    assert "flush" not in str(caught.value)


def test_another_shop_in_the_way_is_one_line_and_exit_code_1(manage):
    Product.objects.create(pk=1000, name="Classic Novel", price=1)
    done = manage("load_demo")
    assert done.returncode == 1
    assert done.stderr.startswith("CommandError: Another shop is in the way: ")
    assert done.stderr.count("\n") == 1


def test_rows_in_the_way_that_no_other_row_needs_are_no_error(call):
    User.objects.create(pk=1000, username="ada.lovelace")
    assert call("load_demo").startswith("Loaded 59 users, 120 products, ")


def test_a_session_that_went_meanwhile_is_not_taken_for_another_shops(call, monkeypatch):
    def cart_items(*arguments):
        Session.objects.filter(pk=3).delete()
        yield from original(*arguments)

    original = demo.cart_items
    monkeypatch.setattr(demo, "cart_items", cart_items)
    with pytest.raises(CommandError, match="deleted the session '000000033c6ef362'. Run this aga"):
        call("load_demo")


def loaded_rows(text):
    """Return the numbers in "Loaded 60 users, 120 products, …"."""
    return [int(number) for number in re.findall(r"(\d+) ", text)] or [0] * 8


def one_shop(manage):
    first, second = [manage.start("load_demo", "--scale", "3") for _ in range(2)]
    done = [process.communicate(timeout=120) for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], done
    counts = zip(*(loaded_rows(stdout) for stdout, _ in done), strict=True)
    return [sum(numbers) for numbers in counts]


def test_two_at_once_load_one_shop_and_each_counts_its_own_rows(manage):
    assert one_shop(manage) == [180, 360, 60, 900, 1035, 300, 150, 15]
    assert {name for (name,) in manage.rows("SELECT file FROM shop_tempfile")} == {
        f"temp/upload-{number:05}.txt" for number in range(1, 16)
    }


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_at_once_load_one_shop_on_postgresql_too(manage):
    assert one_shop(manage) == [180, 360, 60, 900, 1035, 300, 150, 15]


@pytest.mark.posix
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_what_was_stopped_half_way_is_completed_by_the_next_run(manage, name):
    uploads = manage.folder / "media" / "temp"
    process = manage.start("load_demo", "--scale", "3")
    while process.poll() is None and not (uploads / "upload-00002.txt").exists():
        time.sleep(0.001)
    process.send_signal(getattr(signal, name))
    process.communicate(timeout=60)
    assert manage("load_demo", "--scale", "3").returncode == 0
    stored = {name for (name,) in manage.rows("SELECT file FROM shop_tempfile")}
    assert stored == {f"temp/{file.name}" for file in uploads.iterdir()}
    assert len(stored) == 15
    assert manage.rows("SELECT COUNT(*) FROM shop_auditlog") == [(1035,)]
