import re

import pytest

from shared_project.shop.models import Product

FREE = ["Postcard", "Sticker"]


@pytest.fixture(autouse=True)
def two_free_products():
    for name, price in (("Mug", 9), ("Postcard", 0), ("Sticker", 0)):
        Product.objects.create(name=name, price=price, category="Gifts")


def numbers(text):
    return re.findall(r"\d+", text)


def lines(text):
    return [line for line in text.splitlines() if line.strip()]


def test_it_says_how_many_are_free(run, expect):
    ran = run.ok()
    found = numbers(ran.stdout)
    expect(ran, "number on stdout", "2" if "2" in found else found, "2")


def test_at_verbosity_2_it_names_them_too(run, expect):
    ran = run.ok("-v", "2")
    expect(ran, "named on stdout", [name for name in FREE if name in ran.stdout], FREE)


def test_at_verbosity_1_the_result_is_one_line(run, expect):
    ran = run.ok("-v", "1")
    expect(ran, "lines on stdout", len(lines(ran.stdout)), 1)


def test_at_verbosity_0_it_prints_nothing(run, expect):
    ran = run.ok("-v", "0")
    expect(ran, "printed", " / ".join(lines(ran.stdout + ran.stderr)), "")


def test_progress_is_on_stderr(run, expect):
    ran = run.ok()
    expect(ran, "something on stderr", "yes" if ran.stderr.strip() else "no", "yes")


def test_code_can_capture_the_result(run, expect):
    ran = run.call()
    found = numbers(ran.stdout)
    expect(ran, "number in the caller's stdout", "2" if "2" in found else found, "2")


def probe_its_option_is_there_already(run):
    assert type(run().crash).__name__ == "ArgumentError"


def probe_it_says_so_at_verbosity_2_only(run):
    assert not run().stdout.strip()
    assert "2" in numbers(run("-v", "2").stdout)


def probe_a_line_without_the_result_is_on_stdout(run):
    printed = lines(run().stdout)
    assert not any(name in line for name in FREE for line in printed)
    assert ["2" in numbers(line) for line in printed] in ([False, True], [False, True, False])


def probe_stderr_alone_speaks_at_verbosity_0(run):
    ran = run("-v", "0")
    assert not ran.stdout.strip()
    assert ran.stderr.strip()


def probe_the_result_is_there_at_verbosity_0(run):
    assert "2" in numbers(run("-v", "0").stdout)
