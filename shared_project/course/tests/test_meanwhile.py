from functools import partial

import pytest

from shared_project.shop.models import Product

UPDATE = "--percentage 10 --category Toys"


@pytest.fixture
def robot(db):
    return Product.objects.create(name="Robot", price="100.00", category="Toys")


def test_two_copies_of_a_loop_lose_one_of_two_raises(robot, manage):
    step = f"step 07/2 {UPDATE}"
    done = manage("meanwhile", step, step)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "2: Changed 1 of 1 prices.\n1: Changed 1 of 1 prices.\n"
    assert manage.rows("SELECT price FROM shop_product") == [(110,)]


def test_a_second_session_that_has_to_wait_comes_after_the_first(robot, manage):
    done = manage("meanwhile", f"bulk_update {UPDATE}", f"bulk_update {UPDATE}")
    assert (done.returncode, done.stderr) == (0, "")
    assert manage.rows("SELECT price FROM shop_product") == [(121,)]


def test_an_sql_statement_comes_before_the_first_write(robot, manage):
    sql = "UPDATE shop_product SET category = 'Sold'"
    done = manage("meanwhile", f"step 07/2 {UPDATE}", "--sql", sql)
    assert done.stdout == f"2: {sql}\n1: Changed 1 of 1 prices.\n"
    assert manage.rows("SELECT category FROM shop_product") == [("Toys",)]


also = partial(pytest.param, marks=pytest.mark.full)


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("greet Ada 1", "hello", "FIRST wrote nothing, so nothing happened meanwhile."),
        ("", "hello", "1: Unknown command: ''"),
        also("greet 'Ada", "hello", "1: No closing quotation"),
        also("step 07/nope", "hello", "1: There is no step '07/nope': chapter 7 has "),
        ("bulk_update --percentage 10", "greet Ada 0", "2: Error: argument TIMES: must be"),
        also("bulk_update --percentage 10 --category Toy", "hello", "1: No product is in the"),
    ],
)
def test_what_fails_ends_in_one_line(robot, manage, first, second, said):
    done = manage("meanwhile", first, second)
    assert done.returncode == 1
    assert done.stderr.startswith(f"CommandError: {said}")
    assert done.stderr.count("\n") == 1
