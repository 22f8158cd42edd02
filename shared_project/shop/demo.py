"""The demo shop: the same rows every time, dated backwards from the moment they are loaded.

Every function yields unsaved rows with their primary keys set; `scale` multiplies their number.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice

from django.contrib.auth.models import User
from django.utils import timezone

from shared_project.shop.models import AuditLog, CartItem, Customer, Order, Product, Session

FIRST_NAMES = (
    "Ada Grace Alan Barbara Edsger Frances Donald Radia Dennis Margaret Ken Hedy Tim Shafi "
    "Linus Karen Niklaus Jean Guido Adele"
).split()
LAST_NAMES = (
    "Lovelace Hopper Turing Liskov Dijkstra Allen Knuth Perlman Ritchie Hamilton Thompson "
    "Lamarr Lee Goldwasser Torvalds Jones Wirth Bartik Rossum Goldberg"
).split()
PRODUCTS = {
    "Books": ["Novel", "Atlas", "Cookbook", "Dictionary", "Field Guide", "Poems"],
    "Garden": ["Trowel", "Watering Can", "Rake", "Seed Box", "Gloves", "Lantern"],
    "Kitchen": ["Teapot", "Whisk", "Cutting Board", "Pan", "Mug", "Scale"],
    "Office": ["Notebook", "Pen", "Stapler", "Desk Lamp", "Folder", "Ruler"],
    "Toys": ["Puzzle", "Kite", "Robot", "Marbles", "Train", "Yo-yo"],
}
EDITIONS = ["Classic", "Compact", "Deluxe", "Travel"]
ACTIONS = ["signed in", "changed a price", "printed an invoice", "exported users", "signed out"]

# How many rows of each model one unit of scale has: a thousand rows in all.
USERS, PRODUCTS_COUNT, CUSTOMERS, ORDERS, LOGS, SESSIONS, CART_ITEMS, TEMP_FILES = (
    60, 120, 20, 300, 345, 100, 50, 5,
)  # fmt: skip


def person(index: int) -> tuple[str, str, str]:
    """Return first name, last name and a login; unlike for every index."""
    first = FIRST_NAMES[index % 20]
    last = LAST_NAMES[(index + index // 20) % 20]
    round_number = index // 400
    login = f"{first}.{last}".lower() + (str(round_number + 1) if round_number else "")
    return first, last, login


def users(scale: int, now: datetime):
    for index in range(USERS * scale):
        first, last, login = person(index)
        yield User(
            pk=index + 1,
            username=login,
            first_name=first,
            last_name=last,
            email=f"{login}@example.com",
            # Nobody can sign in with a demo account.
            password="!",  # noqa: S106
            is_active=index % 6 != 5,
            date_joined=now - timedelta(days=index % 700, minutes=index % 1440),
        )


def products(scale: int, now: datetime):
    names = [
        (f"{edition} {name}", category)
        for edition in EDITIONS
        for category, entries in PRODUCTS.items()
        for name in entries
    ]
    for index in range(PRODUCTS_COUNT * scale):
        name, category = names[index % len(names)]
        number = index // len(names)
        yield Product(
            pk=index + 1,
            name=f"{name} No. {number + 1}" if number else name,
            price=Decimal(199 + index * 137 % 9800) / 100,
            category=category,
        )


def customers(scale: int, now: datetime):
    for index in range(CUSTOMERS * scale):
        first, last, login = person(index)
        yield Customer(pk=index + 1, name=f"{first} {last}", email=f"{login}@example.com")


def orders(scale: int, now: datetime):
    for index in range(ORDERS * scale):
        first, last, login = person(index * 7 % (100 * scale))
        # What twenty years of typing leave behind: one text in a hundred names no address.
        text = f"{first} {last} <{login}@example.com>"
        if index % 100 == 57:
            text = f"{first} {last}, paid in cash"
        age = timedelta(hours=2 * (ORDERS * scale - index) / scale)
        yield Order(
            pk=index + 1,
            number=f"A-{index + 1:07}",
            legacy_customer=text,
            total=Decimal(500 + index * 731 % 25000) / 100,
            status=Order.Status.PENDING if index % 3 == 0 else Order.Status.PROCESSED,
            created_at=now - age,
        )


def audit_logs(scale: int, now: datetime):
    count = LOGS * scale
    for index in range(count):
        yield AuditLog(
            pk=index + 1,
            actor=person(index * 3 % (USERS * scale))[2],
            action=ACTIONS[index % len(ACTIONS)],
            created_at=now - timedelta(days=365) * (count - index) / count,
        )


def sessions(scale: int, now: datetime):
    count = SESSIONS * scale
    for index in range(count):
        yield Session(
            pk=index + 1,
            key=f"{index + 1:08x}{index * 2654435761 % 2**32:08x}",
            last_activity=now - timedelta(days=180) * (count - index) / count,
        )


def cart_items(scale: int, now: datetime):
    for index in range(CART_ITEMS * scale):
        yield CartItem(
            pk=index + 1,
            session_id=index * 2 + 1,
            product_id=index % (PRODUCTS_COUNT * scale) + 1,
            quantity=index % 3 + 1,
        )


def temp_files(scale: int, now: datetime):
    """Yield (primary key, file name, content, date)."""
    for index in range(TEMP_FILES * scale):
        content = f"An upload from {person(index)[2]}.\n".encode()
        age = timedelta(days=10 + 40 * (index % 5))
        yield index + 1, f"upload-{index + 1:05}.txt", content, now - age


def row_with_key(rows, key: int):
    """Return the row with the primary key `key` of `rows`, one of the functions above."""
    # No model has less than one row a unit of scale.
    return next(islice(rows(key, timezone.now()), key - 1, None))
