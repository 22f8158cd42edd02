"""Turn the bytes of a feed into records that fit Product, or say what is wrong with them."""

from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO
from typing import NamedTuple

from shared_project.shop.models import Product
from shared_project.toolkit.json_array import ArrayReader
from shared_project.toolkit.rows import check_row, rules_for


class Record(NamedTuple):
    name: str
    price: Decimal
    category: str


RULES = rules_for(Product, *Record._fields)


def read_records(data: bytes, name: str) -> Iterator[tuple[Record | None, list[tuple[str, str]]]]:
    """Yield each record of the feed, and its problems as pairs of field and message.

    Where there are any, there is no record. Raises CommandError, with line and column, where
    `data`, the feed called `name`, is not a JSON array.
    """
    rows = {}
    for row, element in enumerate(ArrayReader(BytesIO(data), name), 1):
        values, problems = check_row(element, RULES)
        record = None
        if not problems:
            record = Record(**{**values, "price": Decimal(values["price"])})
            first = rows.setdefault(record.name, row)
            if first != row:
                record, problems = None, [("name", f"stands in record {first} already")]
        yield record, problems
