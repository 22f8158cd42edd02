import pytest

from shared_project.shop.models import Product
from shared_project.toolkit.json_array import Number
from shared_project.toolkit.rows import check_row, rules_for

RULES = rules_for(Product, "name", "price", "category")
GOOD = {"name": "Teapot", "price": Number("10.99"), "category": "Kitchen"}


def errors(**changes):
    return check_row(tuple((GOOD | changes).items()), RULES)[1]


def test_a_good_row_gives_its_values():
    assert check_row(tuple(GOOD.items()), RULES) == (GOOD, [])


@pytest.mark.parametrize(
    "price", ["0", "0.00", "10.9", "10.99", "99999999.99", Number("5"), Number("12345678.90")]
)
def test_a_price_may_be(price):
    assert errors(price=price) == []


@pytest.mark.parametrize(
    ("price", "shown"),
    [
        ("abc", "'abc'"),
        ("", "''"),
        (" 1", "' 1'"),
        ("+1", "'+1'"),
        ("1_000", "'1_000'"),
        ("1,50", "'1,50'"),
        ("٣", "'٣'"),
        ("01", "'01'"),
        (".5", "'.5'"),
        ("5.", "'5.'"),
        ("1\n", "'1\\n'"),
        (Number("NaN"), "the number 'NaN'"),
        (Number("-Infinity"), "the number '-Infinity'"),
        (Number("1e400"), "the number '1e400'"),
        (Number("1E1"), "the number '1E1'"),
        (None, "null"),
        (True, "true"),
        (False, "false"),
        ([], "a list"),
        ((), "an object"),
    ],
    ids=repr,
)
def test_a_price_must_be_a_plain_number(price, shown):
    assert errors(price=price) == [("price", f"must be a number such as 10.99, not {shown}")]


@pytest.mark.parametrize("price", ["-5", "-0.01", "-0"])
def test_a_price_must_not_be_negative(price):
    assert errors(price=Number(price)) == [("price", f"must not be negative: '{price}'")]


@pytest.mark.parametrize("price", ["2.665", "10.990", "0.001"])
def test_a_price_must_fit_the_cent(price):
    assert errors(price=Number(price)) == [
        ("price", f"must have at most 2 decimal places: '{price}'")
    ]


@pytest.mark.parametrize("price", ["100000000", "100000000.001"])
def test_a_price_must_fit_the_column(price):
    assert errors(price=Number(price)) == [
        ("price", f"must have at most 8 digits before the point: '{price}'")
    ]


def test_a_number_of_5000_digits_is_cut_in_the_error():
    ((field, problem),) = errors(price=Number("9" * 5000))
    assert field == "price"
    assert problem.endswith(f"'{'9' * 60}…'")


@pytest.mark.parametrize(("field", "limit"), [("name", 200), ("category", 100)])
def test_a_text_may_be_as_long_as_its_column(field, limit):
    assert errors(**{field: "é" * limit}) == []
    assert errors(**{field: "é" * (limit + 1)}) == [
        (field, f"must have at most {limit} characters, not {limit + 1}")
    ]


@pytest.mark.parametrize("text", ["", " "])
def test_a_text_must_not_be_empty(text):
    assert errors(name=text) == [("name", "must not be empty")]


def test_white_space_alone_is_told_by_what_it_is():
    assert errors(name="\t\n") == [("name", "holds a control character (U+0009)")]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "null"),
        (Number("5"), "the number '5'"),
        (True, "true"),
        ([], "a list"),
        ((("a", "b"),), "an object"),
    ],
    ids=repr,
)
def test_a_text_must_be_a_text(value, shown):
    assert errors(category=value) == [("category", f"must be a text, not {shown}")]


@pytest.mark.parametrize("field", ["name", "category"])
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Toys ", "has white space around it: 'Toys '"),
        ("Toy  box", "has white space in it that is not a single space: 'Toy  box'"),
        ("\tToys\n", r"holds a control character (U+0009): '\tToys\n'"),
        ("a\0b", r"holds a control character (U+0000): 'a\x00b'"),
        ("a\ud800", r"holds a character that nobody sees (U+D800): 'a\ud800'"),
        ("Toys\u200b", r"holds a character that nobody sees (U+200B): 'Toys\u200b'"),
        ("Cafe\u0301", "is not in Unicode's normal form NFC: 'Cafe\u0301'"),
    ],
)
def test_a_text_must_not_look_like_another_one(field, text, problem):
    assert errors(**{field: text}) == [(field, problem)]


@pytest.mark.parametrize("text", ["Caf\u00e9", "Tea pot 😀", "凧"])
def test_a_text_may_hold_other_characters(text):
    assert errors(name=text, category=text) == []


def test_a_missing_field_is_an_error():
    row = tuple(item for item in GOOD.items() if item[0] != "price")
    assert check_row(row, RULES) == (
        {"name": "Teapot", "category": "Kitchen"},
        [("price", "is missing")],
    )


def test_a_field_that_products_do_not_have_is_refused():
    assert errors(color="red\n") == [("", "'color' is not a field here")]


def test_a_field_given_twice_is_refused():
    row = (*GOOD.items(), ("price", Number("1")))
    assert check_row(row, RULES)[1] == [("", "'price' is given twice")]


@pytest.mark.parametrize(
    ("row", "shown"),
    [(None, "null"), (Number("1"), "the number '1'"), ("x", "'x'"), ([], "a list")],
)
def test_a_row_must_be_an_object(row, shown):
    assert check_row(row, RULES) == ({}, [("", f"must be an object, not {shown}")])


def test_every_wrong_field_of_a_row_is_reported():
    assert [field for field, _ in errors(name="", price=None, category=None)] == [
        "name",
        "price",
        "category",
    ]


def test_only_right_values_are_passed_on():
    values, _ = check_row(tuple((GOOD | {"price": None}).items()), RULES)
    assert values == {"name": "Teapot", "category": "Kitchen"}
