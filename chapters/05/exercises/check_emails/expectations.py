import pytest
from django.core.validators import EmailValidator

from shared_project.shop.models import Customer


@pytest.fixture
def two_bad():
    for email in ("ada@example.com", "bob-at-example.com", "eve@"):
        Customer.objects.create(name="Somebody", email=email)


def test_all_good_is_exit_code_0(run, expect):
    Customer.objects.create(name="Ada", email="ada@example.com")
    ran = run.ok()
    expect(ran, "stdout is", "a message" if ran.stdout.strip() else "empty", "a message")


def test_a_bad_email_is_exit_code_1(run, two_bad):
    run.refused()


def test_every_bad_one_is_named(run, expect, two_bad):
    ran = run()
    named = [email for email in ("bob-at-example.com", "eve@") if email in ran.stderr]
    expect(ran, "named on stderr", named, ["bob-at-example.com", "eve@"])


def test_no_good_news_when_one_is_bad(run, expect, two_bad):
    ran = run()
    expect(ran, "on stdout", ran.stdout.strip(), "")


def test_code_that_calls_it_gets_a_CommandError(run, expect, two_bad):
    ran = run.call()
    expect(ran.line, "raised", raised(ran), "CommandError")


def test_a_bug_is_not_swallowed(run, expect, monkeypatch, two_bad):
    def fail(validator, value):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(EmailValidator, "__call__", fail)
    ran = run.call()
    line = f"{ran.line}, with a bug that raises ZeroDivisionError"
    expect(line, "raised", raised(ran), "ZeroDivisionError")


def raised(ran):
    return type(ran.crash).__name__ if ran.crash else "nothing"


def probe_it_names_them_and_exits_0(run, two_bad):
    ran = run()
    assert ran.code == 0
    assert "bob-at-example.com" in ran.stderr
    assert "eve@" in ran.stderr


def probe_it_names_them_on_stdout(run, two_bad):
    ran = run()
    assert "bob-at-example.com" in ran.stdout
    assert "bob-at-example.com" not in ran.stderr


def probe_it_names_one_of_two(run, two_bad):
    stderr = run().stderr
    assert ("bob-at-example.com" in stderr) + ("eve@" in stderr) == 1


def probe_it_raises_SystemExit(run, two_bad):
    assert isinstance(run.call().crash, SystemExit)
