import re
import signal

import pytest
from django.core.management.base import CommandError
from django.db import IntegrityError, OperationalError, connection

from progress import customers
from progress.customers import parse_customer, plain_address
from progress.management.commands.migrate_data import Command
from shared_project.shop.models import Customer, Order
from shared_project.toolkit import progress
from shared_project.toolkit.shutdown import GracefulShutdown

ADA = "Ada Lovelace <ada@example.com>"
BOB = "Bob Kahn <bob@example.com>"


def links():
    """Return the address that every order is linked to, in the order of the keys."""
    return list(Order.objects.order_by("pk").values_list("customer__email", flat=True))


@pytest.mark.parametrize(
    ("text", "name", "email"),
    [
        (ADA, "Ada Lovelace", "ada@example.com"),
        ("  Ada   Lovelace<ADA@Example.COM>  ", "Ada   Lovelace", "ada@example.com"),
        ('"Lovelace, Ada" <ada@example.com>', "Lovelace, Ada", "ada@example.com"),
        (
            'Ada "Countess" Lovelace <ada@example.com>',
            'Ada "Countess" Lovelace',
            "ada@example.com",
        ),
        ("Ada (at home) < ada@example.com >", "Ada (at home)", "ada@example.com"),
        ("李 <li+shop@example.com>", "李", "li+shop@example.com"),
        (f"{'x' * 200} <ada@example.com>", "x" * 200, "ada@example.com"),
    ],
    ids=lambda value: value[:20],
)
def test_a_customer_is_parsed(text, name, email):
    customer = parse_customer(text)
    assert (customer.name, customer.email) == (name, email)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Ada Lovelace, paid in cash", "is not of the form NAME <ADDRESS>"),
        ("ada@example.com", "is not of the form NAME <ADDRESS>"),
        (f"{ADA}, {BOB}", "is not of the form NAME <ADDRESS>"),
        (f"ada@example.com, {BOB}", "is not of the form NAME <ADDRESS>"),
        (f"{ADA} x", "is not of the form NAME <ADDRESS>"),
        ("Ada <<ada@example.com>>", "is not of the form NAME <ADDRESS>"),
        ("Ada <ada@example.com, bob@example.com>", "has no valid email: Enter a valid email"),
        ("Ada <ada at example.com>", "has no valid email: Enter a valid email"),
        ("Ada <>", "has no valid email: This field cannot be blank"),
        ("<ada@example.com>", "has no valid name: This field cannot be blank"),
        ('"" <ada@example.com>', "has no valid name: This field cannot be blank"),
        (f"{'x' * 201} <ada@example.com>", "has no valid name: Ensure this value has at most 200"),
        (f"Ada <ada@{'x' * 63}.{'y' * 63}.{'z' * 63}.{'w' * 63}.com>", "has no valid email: "),
        ("Ada\0 <ada@example.com>", "holds a control character"),
        ("Ada\n<ada@example.com>", "holds a control character"),
        ("Ada\x85<ada@example.com>", "holds a control character"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_text_is_refused_with_the_reason(text, reason):
    with pytest.raises(ValueError, match="^" + re.escape(reason)):
        parse_customer(text)


def test_links_every_order_to_its_customer(call, orders):
    orders(ADA, BOB, ADA)
    assert call("migrate_data") == "Linked 3 of 3 orders to their customers.\n"
    assert call.stderr == ""
    assert links() == ["ada@example.com", "bob@example.com", "ada@example.com"]
    assert list(Customer.objects.values_list("name", flat=True)) == ["Ada Lovelace", "Bob Kahn"]


def test_the_old_text_and_the_other_columns_stay(call, orders):
    orders(ADA, status="canceled")
    call("migrate_data")
    order = Order.objects.get()
    assert (order.legacy_customer, order.status, order.total) == (ADA, "canceled", 5)


def test_the_first_name_of_an_address_stays(call, orders):
    orders(ADA, "Countess <ada@example.com>", BOB, "Countess <ADA@example.com>")
    call("migrate_data", batch_size=2)
    assert Customer.objects.get(email="ada@example.com").name == "Ada Lovelace"
    assert Customer.objects.count() == 2


def test_a_customer_that_is_there_already_is_used_and_keeps_its_name(call, orders):
    Customer.objects.create(name="Countess", email="ada@example.com")
    orders(ADA)
    call("migrate_data")
    assert [str(order.customer) for order in Order.objects.all()] == ["Countess <ada@example.com>"]


def test_an_address_with_capitals_that_is_there_already_is_used(call, orders):
    Customer.objects.create(name="Ada", email="Ada@Example.com")
    Customer.objects.create(name="Ada again", email="ADA@example.com")
    orders(ADA, BOB)
    call("migrate_data")
    assert links() == ["Ada@Example.com", "bob@example.com"]


SAME = {
    "plain": "zoe@bücher.example",
    "capitals": "ZOE@BÜCHER.example",
    "decomposed": "zoe@bu\u0308cher.example",
    "decomposed capitals": "zoe@BU\u0308CHER.example",
    "ASCII form": "zoe@xn--bcher-kva.example",
    "capitals of the ASCII form": "Zoe@XN--BCHER-KVA.Example",
    "soft hyphen": "zoe@bü\xadcher.example",
    "zero width": "zoe@bücher\u200b.example",
    "full width": "zoe@\uff42ücher.example",
}


@pytest.mark.parametrize("spelling", SAME.values(), ids=SAME)
def test_a_customer_is_found_however_the_address_is_spelled(call, orders, spelling):
    Customer.objects.create(name="Zoë", email=spelling)
    orders("Zoë <zoe@bücher.example>")
    call("migrate_data")
    assert links() == [spelling]
    assert Customer.objects.count() == 1


@pytest.mark.parametrize("spelling", SAME.values(), ids=SAME)
def test_spellings_of_one_address_make_one_customer(call, orders, spelling):
    orders(f"Zoë <{spelling}>", "Zoe <zoe@bücher.example>", f"Zoe <{spelling}>")
    call("migrate_data", batch_size=1)
    assert links() == ["zoe@bücher.example"] * 3
    assert Customer.objects.get().name == "Zoë"


@pytest.mark.parametrize(
    "address",
    [
        "zoe@straße.example",
        "zoe@strasse.example",
        "zoe@bucher.example",
        "zoe@buecher.example",
        "zoe@xn--ls8h.example",  # an emoji
        # No ASCII forms of a domain: of nothing, ASCII, a surrogate, a capital, a decomposed ü.
        "zoe@xn--99999999.example",
        "zoe@xn--bcher-kva-.example",
        "zoe@xn--ab-fe9k.example",
        "zoe@xn--bcher-2pa.example",
        "zoe@xn--bucher-xyd.example",
        "zoe@xn--ü.example",
        "zoë@bücher.example",
        "zoe",
        "",
    ],
)
def test_a_plain_address_is_left_as_it_is(address):
    assert plain_address(address) == address


@pytest.mark.parametrize("spelling", [*SAME.values(), "ZOE@XN--LS8H.example"])
def test_a_plain_address_has_no_other_plain_spelling(spelling):
    assert plain_address(plain_address(spelling)) == plain_address(spelling)


def test_the_oldest_of_several_spellings_is_used(call, orders):
    Customer.objects.create(name="Ada", email="ADA@example.com")
    Customer.objects.create(name="Ada", email="ada@example.com")
    Customer.objects.create(name="Ada", email="Ada@example.com")
    Customer.objects.create(name="Bob", email="bob@example.com")
    Customer.objects.create(name="Bob", email="Bob@example.com")
    orders(ADA, BOB)
    call("migrate_data")
    assert links() == ["ADA@example.com", "bob@example.com"]


@pytest.mark.parametrize("correct", [True, False], ids=["corrected", "deleted"])
def test_a_customer_whose_spelling_is_gone_meanwhile_is_not_used(
    call, orders, between_batches, correct
):
    customer = Customer.objects.create(name="Ada", email="ADA@example.com")
    rows = Customer.objects.filter(pk=customer.pk)
    orders(BOB, ADA)
    between_batches(2, lambda: rows.update(email="new@example.com") if correct else rows.delete())
    call("migrate_data", batch_size=1)
    assert links() == ["bob@example.com", "ada@example.com"]


def test_linked_orders_and_orders_without_a_text_are_left_alone(call, orders):
    carl = Customer.objects.create(name="Carl", email="carl@example.com")
    orders(ADA, customer=carl)
    orders("")
    assert call("migrate_data") == "Linked 0 of 0 orders to their customers.\n"
    assert links() == ["carl@example.com", None]


def test_an_order_that_is_refused_stays_and_the_rest_is_done(call, orders):
    orders(ADA, "paid in cash", BOB)
    with pytest.raises(CommandError, match="^Orders left as they were: 1 "):
        call("migrate_data")
    assert call.stdout == "Linked 2 of 3 orders to their customers.\n"
    assert links() == ["ada@example.com", None, "bob@example.com"]
    assert call.stderr == ""


def test_refused_orders_at_the_front_do_not_hold_up_the_rest(call, orders):
    orders(*["paid in cash"] * 3, ADA)
    with pytest.raises(CommandError, match="^Orders left as they were: 3 "):
        call("migrate_data", batch_size=1)
    assert links() == [None, None, None, "ada@example.com"]


def test_verbosity_2_names_the_refused_orders_and_why(call, orders):
    orders("paid\x1b[2J", "cash")
    with pytest.raises(CommandError, match="left as they were: 2 "):
        call("migrate_data", verbosity=2)
    assert call.stderr == (
        r"Order A-0000001: 'paid\x1b[2J' holds a control character."
        "\nOrder A-0000002: 'cash' is not of the form NAME <ADDRESS>.\n"
    )


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_every_batch_size_does_the_same(call, orders, size):
    orders(*[f"Customer {number} <c{number % 4}@example.com>" for number in range(6)])
    call("migrate_data", batch_size=size)
    assert links() == [f"c{number % 4}@example.com" for number in range(6)]
    assert Customer.objects.count() == 4


def test_a_batch_may_be_larger_than_a_statement(call, orders, monkeypatch):
    monkeypatch.setattr(customers, "CHUNK", 2)
    orders(*[f"Customer <c{number}@example.com>" for number in range(5)])
    with connection.execute_wrapper(refuse_more_than_4_parameters):
        call("migrate_data", batch_size=1_000_000)
    assert links() == [f"c{number}@example.com" for number in range(5)]


def refuse_more_than_4_parameters(execute, sql, params, many, context):
    assert many or len(params or ()) <= 4, "too many SQL variables"
    return execute(sql, params, many, context)


def test_a_log_says_how_far_it_is(call, orders, monkeypatch):
    monkeypatch.setattr(progress, "LOG_INTERVAL", 0)
    orders(ADA, BOB, ADA)
    assert call("migrate_data", batch_size=2) == "Linked 3 of 3 orders to their customers.\n"
    assert call.stderr == "Orders: 2 of 3\nOrders: 3 of 3\n"


@pytest.mark.parametrize("size", [0, -1, 1_000_001, "many", 1.5, True, None])
def test_a_batch_size_that_is_none_is_refused(call, size):
    with pytest.raises(CommandError, match="^--batch-size: must be a whole number from 1 to 1000"):
        call("migrate_data", batch_size=size)


def test_an_order_that_arrives_meanwhile_is_for_the_next_run(call, orders, between_batches):
    orders(ADA, BOB)
    between_batches(2, lambda: orders(ADA))
    assert call("migrate_data", batch_size=1) == "Linked 2 of 2 orders to their customers.\n"
    assert links() == ["ada@example.com", "bob@example.com", None]


def test_an_order_that_is_linked_by_hand_meanwhile_keeps_its_customer(
    call, orders, between_batches
):
    last = orders(ADA, ADA)[-1]
    carl = Customer.objects.create(name="Carl", email="carl@example.com")
    between_batches(2, lambda: Order.objects.filter(pk=last.pk).update(customer=carl))
    assert call("migrate_data", batch_size=1) == "Linked 1 of 2 orders to their customers.\n"
    assert call.stderr == "Changed meanwhile by another session: 1 orders.\n"
    assert links() == ["ada@example.com", "carl@example.com"]


def test_verbosity_0_prints_nothing(call, orders, between_batches):
    orders(ADA, ADA)
    between_batches(2, lambda: Order.objects.update(legacy_customer=""))
    assert call("migrate_data", batch_size=1, verbosity=0) == ""
    assert call.stderr == ""


def test_a_customer_that_is_deleted_meanwhile_costs_its_batch_alone(call, orders, monkeypatch):
    find = customers._find

    def find_and_lose_bob(emails, others):
        return {email: pk for email, pk in find(emails, others).items() if "bob" not in email}

    monkeypatch.setattr(customers, "_find", find_and_lose_bob)
    orders(ADA, BOB)
    with pytest.raises(CommandError, match="^A customer was deleted .*; run the command again.$"):
        call("migrate_data", batch_size=1)
    assert call.stdout == "Linked 1 of 2 orders to their customers.\n"
    assert links() == ["ada@example.com", None]
    assert Customer.objects.count() == 1


def test_the_database_notices_a_customer_that_is_deleted_later(call, orders, between_batches):
    def fail(*error):
        raise IntegrityError("FOREIGN KEY constraint failed")

    orders(ADA)
    between_batches(1, fail)
    with pytest.raises(CommandError, match="^A customer was deleted "):
        call("migrate_data")


@pytest.mark.posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_after_the_batch_and_the_next_run_goes_on(
    call, orders, between_batches, number
):
    orders(ADA, BOB, ADA)
    between_batches(1, lambda: signal.raise_signal(number))
    with pytest.raises(KeyboardInterrupt if number == signal.SIGINT else SystemExit):
        call("migrate_data", batch_size=1)
    assert call.stdout == "Linked 1 of 3 orders to their customers.\n"
    assert links() == ["ada@example.com", None, None]
    assert call("migrate_data") == "Linked 2 of 2 orders to their customers.\n"
    assert Customer.objects.count() == 2


def test_a_database_error_undoes_its_batch_alone_and_the_summary_is_printed(
    call, orders, fail_at_the_second_update
):
    orders(ADA, BOB, ADA)
    with (
        connection.execute_wrapper(fail_at_the_second_update),
        pytest.raises(OperationalError, match="disk is full"),
    ):
        call("migrate_data", batch_size=1)
    assert call.stdout == "Linked 1 of 3 orders to their customers.\n"
    assert links() == ["ada@example.com", None, None]
    assert Customer.objects.count() == 1


@pytest.mark.full
@pytest.mark.posix
@pytest.mark.django_db(transaction=True)
def test_the_bar_makes_room_for_a_line_and_is_drawn_again_below_it(manage, orders):
    orders("paid in cash", ADA, BOB)
    done = manage.terminal("migrate_data", "-v", 2, "--no-color")
    assert (
        "\rOrder A-0000001: 'paid in cash' is not of the form NAME <ADDRESS>.\r\n" in done.stdout
    )
    assert re.search(r"\r100%\|.*\| 3/3 .*\r\nLinked 2 of 3 orders", done.stdout)


@pytest.mark.full
@pytest.mark.posix
@pytest.mark.django_db(transaction=True)
def test_ctrl_c_ends_the_wait_for_a_lock_with_the_summary_and_exit_code_130(
    manage, orders, lock_orders, select
):
    orders(ADA, BOB)
    lock_orders()
    done = manage.terminal("migrate_data", keys=[("| 0/2 ", signal.SIGINT)])
    assert done.returncode == 130
    assert done.stdout.endswith(
        "\r\nLinked 0 of 2 orders to their customers.\r\nStopped by Ctrl-C.\r\n"
    )
    assert select(manage, "SELECT count(*) FROM shop_customer") == [(0,)]


@pytest.mark.posix
def test_a_signal_after_the_last_batch_does_not_undo_that_all_was_done(orders, signal_at_the_end):
    orders(ADA, BOB)
    assert signal_at_the_end(Command()) == "Linked 2 orders to their customers."


@pytest.mark.posix
def test_a_signal_at_the_end_is_no_success_where_an_order_was_refused(orders, signal_at_the_end):
    orders(ADA, "paid in cash")
    assert signal_at_the_end(Command()) == ""


@pytest.mark.posix
def test_a_second_signal_waits_until_a_committed_batch_is_counted(call, orders, monkeypatch):
    def hold_and_stop_twice(stop):
        hold(stop)
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)

    hold = GracefulShutdown.hold
    monkeypatch.setattr(GracefulShutdown, "hold", hold_and_stop_twice)
    orders(ADA, BOB, ADA)
    with pytest.raises(SystemExit, match="^143$"):
        call("migrate_data", batch_size=2)
    assert call.stdout == "Linked 2 of 3 orders to their customers.\n"
    assert links() == ["ada@example.com", "bob@example.com", None]
