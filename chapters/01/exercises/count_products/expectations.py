import re
import traceback

from shared_project.shop.models import Product


def add_products(count):
    for number in range(count):
        Product.objects.create(name=f"Mug {number}", price=5, category="Kitchen")


def expect_number(expect, ran, number):
    numbers = re.findall(r"\d+", ran.stdout)
    if number not in numbers:
        expect(ran, "numbers on stdout", numbers, [number])


def test_it_says_how_many_products_there_are(run, expect):
    add_products(37)
    expect_number(expect, run.ok(), "37")


def test_it_counts_again_each_time_it_runs(run, expect):
    expect_number(expect, run.ok(), "0")
    add_products(1)
    expect_number(expect, run.ok(), "1")


def test_code_that_calls_it_can_collect_what_it_says(run, expect):
    add_products(37)
    ran = run.call()
    expect(ran, "something in the stdout of the caller", said(ran.stdout), "yes")


def test_its_help_says_what_it_does(run, expect):
    ran = run("--help")
    # An empty line stands between the usage, the description and the options.
    paragraphs = ran.stdout.split("\n\n")
    description = [text for text in paragraphs if not text.startswith(("usage:", "options:"))]
    expect(ran, "a sentence between the usage and the options", said("".join(description)), "yes")


def said(text):
    return "yes" if text.strip() else "no"


def crash_with_products(run):
    add_products(37)
    crash = run().crash
    assert crash
    return crash, traceback.extract_tb(crash.__traceback__)[-1].name


def probe_write_got_a_number(run):
    crash, _ = crash_with_products(run)
    assert crash.name == "endswith"
    assert type(crash.obj) is int


def probe_write_got_a_second_argument(run):
    crash, function = crash_with_products(run)
    assert type(crash) is TypeError
    assert function == "write"


def probe_Django_could_not_call_handle(run):
    crash, function = crash_with_products(run)
    assert type(crash) is TypeError
    assert function == "execute"


def probe_it_prints_past_the_caller(run):
    assert run().stdout.strip()
    ran = run.call()
    assert not ran.crash
    assert not ran.stdout
