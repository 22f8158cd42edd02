"""What can be said about the name of a category."""

from argparse import ArgumentTypeError
from difflib import get_close_matches

from shared_project.shop.models import Product
from shared_project.toolkit.arguments import non_empty
from shared_project.toolkit.text import quoted

SHOWN = 10


def category_name(value):
    """Return `value`, the name that a category may have; an argument type."""
    name = non_empty(value)
    if "\0" in name or any("\ud800" <= char <= "\udfff" for char in name):
        raise ArgumentTypeError(f"must be a text that a database can hold, not {quoted(name)}.")
    return name


def unknown_category(name: str) -> str:
    """Return an error message for `name`, which no product has; it suggests what there is."""
    categories = Product.objects.order_by("category").values_list("category", flat=True)
    known = list(categories.distinct()[:1000])
    by_letters = {category.casefold(): category for category in known}
    close = get_close_matches(name.casefold(), by_letters)
    message = f"No product is in the category {quoted(name)}."
    if close:
        names = " or ".join(quoted(by_letters[letters]) for letters in close)
        return f"{message} Did you mean {names}?"
    if not known:
        return f"{message} There are no products at all."
    more = ", …" if len(known) > SHOWN else ""
    return f"{message} There are: {', '.join(map(quoted, known[:SHOWN]))}{more}."
