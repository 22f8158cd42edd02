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


@pytest.mark.postgres
def test_on_postgresql_too_the_next_row_gets_a_key_of_its_own(loaded):
    assert Product.objects.create(name="Samovar", price=1, category="Kitchen").pk > 120


def test_the_next_row_gets_a_key_of_its_own(loaded):
    assert Product.objects.create(name="Samovar", price=1, category="Kitchen").pk > 120


def test_a_cleanup_has_work_and_leaves_some(loaded):
    cutoff = timezone.now() - timedelta(days=90)
    for model, field in [
        (AuditLog, "created_at"),
        (Session, "last_seen_at"),
        (TempFile, "created_at"),
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


def test_rows_of_another_shop_in_the_way_are_an_error(manage):
    Product.objects.create(pk=1000, name=next(demo.products(1, timezone.now())).name, price=1)
    done = manage("load_demo")
    assert done.returncode == 1
    assert done.stderr.startswith("CommandError: Rows of another shop are in the way. ")
    assert done.stderr.count("\n") == 1
