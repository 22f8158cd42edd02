import pytest
from django.db import connection

from shared_project.shop.models import Product
from shared_project.toolkit import spellings
from shared_project.toolkit.names import name_problem, plain_name
from shared_project.toolkit.spellings import lookalike_problem, other_spellings

pytestmark = pytest.mark.django_db

NAME, CATEGORY = Product._meta.get_field("name"), Product._meta.get_field("category")
TEXTS = [f"a{chr(code)}b" for code in (*range(1, 0x80), *range(0xA0, 0x2100))]
TEXTS += ["a  b", " a", "a "]


def store(pairs):
    Product.objects.bulk_create(Product(name=n, category=c, price=1) for n, c in pairs)


def test_the_database_lets_through_whatever_python_must_compare():
    store((text, "Toys") for text in TEXTS)
    assert {*other_spellings(NAME)} == {
        (plain_name(text), text) for text in TEXTS if name_problem(text)
    }


def test_a_text_of_many_rows_comes_once():
    store((f"No. {number}", ["Toys", "Toys ", "B\u00a0C"][number % 3]) for number in range(9))
    assert sorted(other_spellings(CATEGORY)) == [("B C", "B\u00a0C"), ("Toys", "Toys ")]


@pytest.mark.parametrize("field", [NAME, CATEGORY])
def test_an_empty_table_has_none(field):
    assert [*other_spellings(field)] == []


def test_ascii_names_are_left_to_the_database():
    store((f"a{chr(code)}b", "Toys") for code in range(0x20, 0x7F) if chr(code) not in '"\\')
    query = spellings.UNIQUE_TEXTS[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(query.format(column="name", table=Product._meta.db_table))
        assert cursor.fetchall() == []


def test_the_spelling_that_is_stored_is_shown_escaped():
    problem = lookalike_problem("'Kite'", "Kite\u200b")
    assert problem == r"'Kite' looks like 'Kite\u200b', which is stored: rename that first"
