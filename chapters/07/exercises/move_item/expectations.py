from functools import partial

import pytest
from django.db.models import F, Sum

from shared_project.shop.models import CartItem, Product, Session

NAMES = ("source", "target")


@pytest.fixture
def mug():
    for key in NAMES:
        Session.objects.create(key=key)
    return Product.objects.create(name="Mug", price="8.50", category="Kitchen")


@pytest.fixture
def fill(mug):
    """Return a function that puts so many mugs into the two carts, and nothing else."""

    def fill(source, target):
        CartItem.objects.all().delete()
        for key, quantity in zip(NAMES, (source, target), strict=True):
            if quantity:
                session = Session.objects.get(key=key)
                CartItem.objects.create(session=session, product=mug, quantity=quantity)

    return fill


def click(key):
    """Put one more mug into a cart, as a click in the shop does."""
    CartItem.objects.update_or_create(
        session=Session.objects.get(key=key),
        product=Product.objects.get(name="Mug"),
        defaults={"quantity": F("quantity") + 1},
        create_defaults={"quantity": 1},
    )


def in_cart(key):
    return CartItem.objects.filter(session__key=key).aggregate(all=Sum("quantity"))["all"] or 0


def in_both():
    return f"{in_cart('source')} and {in_cart('target')}"


LABEL = "mugs in source and target"


def test_it_moves_pieces_to_the_other_cart(run, expect, fill):
    fill(5, 0)
    ran = run.ok("source", "target", "Mug", 3)
    expect(ran, LABEL, in_both(), "2 and 3")


def test_it_adds_to_what_is_there(run, expect, fill):
    fill(5, 1)
    ran = run.ok("source", "target", "Mug", 3)
    expect(ran, LABEL, in_both(), "2 and 4")


def test_the_last_piece_takes_the_row_away(run, expect, fill):
    fill(3, 0)
    ran = run.ok("source", "target", "Mug", 3)
    expect(ran, "rows in source", CartItem.objects.filter(session__key="source").count(), 0)


def test_more_than_there_is_is_refused(run, expect, fill):
    fill(5, 0)
    ran = run.refused("source", "target", "Mug", 6)
    expect(ran, LABEL, in_both(), "5 and 0")


def test_the_same_cart_twice_is_refused(run, expect, fill):
    fill(5, 0)
    ran = run.refused("source", "source", "Mug", 3)
    expect(ran, LABEL, in_both(), "5 and 0")


def test_a_failure_between_the_writes_loses_nothing(run, expect, fill, stop_at):
    for write in (2, 3, 4):
        fill(5, 1)
        with stop_at(write):
            ran = run("source", "target", "Mug", 3)
        if ran.code == 0:  # there are fewer writes than that
            break
        what = f"{ran.line}, stopped before write {write}"
        expect(what, LABEL, in_both(), "5 and 1")


def test_a_click_meanwhile_is_not_lost(run, expect, fill, meanwhile):
    for key in NAMES:
        for write in (1, 2, 3):
            fill(5, 1)
            with meanwhile(partial(click, key), write):
                ran = run.ok("source", "target", "Mug", 3)
            what = f"{ran.line}, and a click adds one to {key} before write {write}"
            expect(what, "mugs in both carts", in_cart("source") + in_cart("target"), 7)


def test_a_click_before_the_last_piece_goes_is_not_lost(run, expect, fill, meanwhile):
    for write in (1, 2, 3):
        fill(3, 0)
        with meanwhile(partial(click, "source"), write):
            ran = run("source", "target", "Mug", 3)
        if ran.code:  # a refusal takes back the click, too, which came on the same connection
            continue
        what = f"{ran.line}, and a click adds one to source before write {write}"
        expect(what, "mugs in both carts", in_cart("source") + in_cart("target"), 4)


def test_less_than_one_piece_is_refused(run, expect, fill):
    for pieces in (0, -1):
        fill(5, 5)
        ran = run("source", "target", "Mug", pieces)
        refused = ran.code in (1, 2) and not ran.crash  # 2 is argparse's own
        expect(ran, "refused, without a traceback", refused, True)
        expect(ran, LABEL, in_both(), "5 and 5")


def test_what_is_not_there_is_refused(run, expect, fill):
    fill(5, 0)
    Product.objects.create(name="Kite", price="20.44", category="Toys")
    for names in (
        ("nobody", "target", "Mug"),
        ("source", "nobody", "Mug"),
        ("source", "target", "Cup"),
        ("source", "target", "Kite"),
    ):
        ran = run.refused(*names, 1)
        expect(ran, LABEL, in_both(), "5 and 0")


def probe_the_target_has_one_too_many(run, fill):
    fill(5, 0)
    run("source", "target", "Mug", 3)
    assert in_both() == "2 and 4"


def probe_the_target_has_twice_as_many(run, fill):
    fill(5, 0)
    run("source", "target", "Mug", 3)
    assert in_both() == "2 and 6"


def probe_the_shop_forbids_the_empty_row(run, fill):
    fill(3, 0)
    assert type(run("source", "target", "Mug", 3).crash).__name__ == "IntegrityError"


def probe_the_shop_forbids_less_than_nothing(run, fill):
    fill(5, 0)
    assert type(run("source", "target", "Mug", 6).crash).__name__ == "IntegrityError"


def probe_a_stop_leaves_half_a_move(run, fill, stop_at):
    fill(5, 1)
    with stop_at(2):
        run("source", "target", "Mug", 3)
    assert in_both() in ("2 and 1", "5 and 4")


def probe_a_click_is_overwritten(run, fill, meanwhile):
    totals = set()
    for key in NAMES:
        for write in (1, 2):
            fill(5, 1)
            with meanwhile(partial(click, key), write):
                run("source", "target", "Mug", 3)
            totals.add(in_cart("source") + in_cart("target"))
    assert totals == {6, 7}


def probe_the_click_is_deleted(run, fill, meanwhile):
    fill(3, 0)
    with meanwhile(partial(click, "source")):
        run("source", "target", "Mug", 3)
    assert in_both() == "0 and 3"


def probe_a_name_that_is_not_there_escapes(run, fill):
    fill(5, 0)
    assert type(run("nobody", "target", "Mug", 1).crash).__name__ == "DoesNotExist"
