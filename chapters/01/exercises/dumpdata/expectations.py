import inspect
import json
import sys

import pytest
from django.contrib.auth.models import User
from django.core.management.commands import dumpdata

from shared_project.shop.models import Order, Product


@pytest.fixture(autouse=True)
def shop_with_a_user():
    Product.objects.create(name="Mug", price=5, category="Kitchen")
    Order.objects.create(number="A-1", total=5)
    User.objects.create(username="grace", password="pbkdf2_sha256$1000000$salt$hash")


@pytest.fixture(autouse=True)
def early_recursion_error():
    # A command that calls itself shall end soon, and before the stack of a browser does.
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 400)
    yield
    sys.setrecursionlimit(before)


def dumped(ran):
    """Return how many rows of each model a dump has, and what it holds instead of JSON."""
    try:
        models = [row["model"] for row in json.loads(ran.stdout)]
    except ValueError:
        return {"text that is not JSON": 1}
    return {model: models.count(model) for model in models}


def test_the_dump_holds_the_shop(run, expect):
    ran = run.ok()
    models = dumped(ran)
    found = [model for model in ("shop.order", "shop.product") if model in models]
    expect(ran, "in the dump", found, ["shop.order", "shop.product"])


def test_no_password_hash_leaves_the_shop(run, expect):
    ran = run()
    expect(ran, "users in the dump", dumped(ran).get("auth.user", 0), 0)


def test_every_option_of_Django_is_still_there(run, expect):
    parser = dumpdata.Command().create_parser("manage.py", "dumpdata")
    options = [option for action in parser._actions for option in action.option_strings]
    ran = run("--help")
    offered = ran.stdout.replace(",", " ").replace("[", " ").replace("]", " ").split()
    expect(ran, "missing", [one for one in options if one not in offered], [])


def test_what_the_operator_excludes_stays_excluded(run, expect):
    ran = run("shop", "--exclude", "shop.order")
    expect(ran, "orders in the dump", dumped(ran).get("shop.order", 0), 0)


def test_code_that_excludes_something_gets_no_hashes_either(run, expect):
    ran = run.call("auth", "shop", exclude=["shop.order"])
    expect(ran, "users in the dump", dumped(ran).get("auth.user", 0), 0)


def probe_it_calls_itself(run):
    assert type(run().crash) is RecursionError


def probe_it_has_no_argument_of_Djangos(run):
    assert run("--indent", "2").code == 2


def probe_users_are_left_out_only_where_nothing_else_is(run):
    assert dumped(run("auth"))
    assert "auth.user" not in dumped(run("auth"))
    assert "auth.user" in dumped(run.call("auth", "shop", exclude=["shop.order"]))
