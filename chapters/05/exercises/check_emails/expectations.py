import pytest
from django.core.management.base import CommandError
from django.db import connection

from shared_project.shop.models import Customer


@pytest.fixture
def two_bad():
    for email in ("ada@example.com", "bob-at-example.com", "eve@"):
        Customer.objects.create(name="Somebody", email=email)


def test_all_good_is_exit_code_0(run, expect):
    Customer.objects.create(name="Ada", email="ada@example.com")
    ran = run.ok()
    expect(ran, "something on stdout", bool(ran.stdout.strip()), True)


def test_a_bad_email_is_exit_code_1(run, expect, two_bad):
    ran = run()
    expect(ran, "exit code", ran.code, 1)


def test_every_bad_one_is_named(run, expect, two_bad):
    ran = run()
    named = [email for email in ("bob-at-example.com", "eve@") if email in ran.stderr]
    expect(ran, "named on stderr", named, ["bob-at-example.com", "eve@"])


def test_no_good_news_when_one_is_bad(run, expect, two_bad):
    ran = run()
    expect(ran, "on stdout", ran.stdout.strip(), "")


def test_code_that_calls_it_gets_a_CommandError(run, expect, two_bad):
    ran = run.call()
    expect(ran, "raised", type(ran.crash).__name__, CommandError.__name__)


def test_a_bug_is_not_swallowed(run, expect, two_bad):
    def fail(*args):
        raise ZeroDivisionError

    with connection.execute_wrapper(fail):
        ran = run()
    expect(ran, "raised", type(ran.crash).__name__, "ZeroDivisionError")


def probe_it_names_them_and_exits_0(run, two_bad):
    ran = run()
    assert ran.code == 0
    assert "eve@" in ran.stderr


def probe_it_names_one_of_two(run, two_bad):
    stderr = run().stderr
    assert ("bob-at-example.com" in stderr) + ("eve@" in stderr) == 1
