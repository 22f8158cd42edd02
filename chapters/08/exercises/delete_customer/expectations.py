import pytest

from shared_project.shop.models import Customer, Order

ADA, BOB = "ada@example.com", "bob@example.com"


@pytest.fixture(autouse=True)
def customers():
    for email in (ADA, BOB):
        Customer.objects.create(name="Somebody", email=email)


@pytest.fixture
def with_orders():
    customer = Customer.objects.get(email=ADA)
    Order.objects.create(number="A-1", customer=customer, total=1)


def left():
    return [*Customer.objects.order_by("email").values_list("email", flat=True)]


def test_the_typed_email_deletes(run, expect):
    ran = run(ADA, tty=True, stdin=f"{ADA}\n")
    expect(ran, "customers left after the email was typed", left(), [BOB])
    expect(ran, "exit code", ran.code, 0)


def test_the_option_no_input_deletes_unasked(run, expect):
    ran = run.ok(ADA, "--no-input")
    expect(ran, "customers left", left(), [BOB])


def test_anything_else_deletes_nothing(run, expect):
    for answer in ("y", "yes", "", BOB):
        ran = run(ADA, tty=True, stdin=f"{answer}\n")
        expect(ran, f"customers left after the answer {answer!r}", left(), [ADA, BOB])


def test_a_no_is_exit_code_1(run, expect):
    ran = run(ADA, tty=True, stdin="no\n")
    expect(ran, "exit code after the answer 'no'", ran.code, 1)


def test_the_end_of_input_is_a_no(run, expect):
    ran = run.refused(ADA, tty=True, stdin="")
    expect(ran, "customers left after Ctrl-D", left(), [ADA, BOB])


def test_without_a_terminal_it_refuses(run, expect):
    ran = run(ADA, stdin=f"{ADA}\n")
    expect(ran, "customers left after the email came through a pipe", left(), [ADA, BOB])
    expect(ran, "exit code", ran.code, 1)


def test_the_refusal_names_the_option_that_does_not_ask(run, expect):
    ran = run(ADA, stdin=f"{ADA}\n")
    named = "--no-input" if "--no-input" in ran.stderr else ""
    expect(ran, "named on stderr, without a terminal", named, "--no-input")


def test_the_question_is_on_stderr(run, expect):
    ran = run(ADA, tty=True, stdin="no\n")
    expect(ran, "on stdout, after the answer 'no'", ran.stdout.strip(), "")
    ran = run(ADA, tty=True, stdin=f"{ADA}\n")
    expect(ran, "something on stderr", bool(ran.stderr.strip()), True)


def test_a_customer_with_orders_is_refused_before_the_question(run, expect, with_orders):
    ran = run(ADA, tty=True, stdin=f"{ADA}\n")
    expect(ran, "what you let people type for a customer with orders", ran.read.strip(), "")
    run.refused(ADA, tty=True, stdin=f"{ADA}\n")


def test_an_unknown_email_is_one_line(run):
    run.refused("eve@example.com", tty=True, stdin="eve@example.com\n")


def probe_y_deletes_and_no_does_not(run):
    run(ADA, tty=True, stdin="no\n")
    assert left() == [ADA, BOB]
    run(ADA, tty=True, stdin="y\n")
    assert left() == [BOB]


def probe_the_pipe_has_deleted(run):
    run(ADA, stdin=f"{ADA}\n")
    assert left() == [BOB]


def probe_ctrl_d_is_an_error_of_input(run):
    assert type(run(ADA, tty=True, stdin="").crash) is EOFError


def probe_the_question_is_on_stdout(run):
    ran = run(ADA, tty=True, stdin=f"{ADA}\n")
    assert ran.stdout.strip()
    assert not ran.stderr.strip()


def probe_it_lets_people_type_first(run, with_orders):
    assert run(ADA, tty=True, stdin=f"{ADA}\n").read.strip() == ADA
    assert left() == [ADA, BOB]


def probe_a_no_is_a_success(run):
    ran = run(ADA, tty=True, stdin="no\n")
    assert ran.code == 0
    assert left() == [ADA, BOB]
