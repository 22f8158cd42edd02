"""The rows that the benchmarks work on: the same ones every time, whatever their number."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

CATEGORIES = ["Books", "Garden", "Kitchen", "Office", "Toys"]
USER_COLUMNS = (
    "id", "password", "is_superuser", "username", "first_name", "last_name", "email",
    "is_staff", "is_active", "date_joined",
)  # fmt: skip
PRODUCT_COLUMNS = ("name", "price", "category")
SESSION_COLUMNS = ("id", "key", "last_activity")
LOG_COLUMNS = ("id", "actor", "action", "created_at")


def users(count: int) -> Iterator[tuple]:
    start = datetime(2025, 1, 1)  # noqa: DTZ001
    for index in range(count):
        login = f"ada.lovelace{index:07}"
        joined = start + timedelta(seconds=index * 17, microseconds=index * 7919 % 1_000_000)
        email = f"{login}@example.com"
        yield index + 1, "!", False, login, "Ada", "Lovelace", email, False, True, str(joined)


def products(count: int) -> Iterator[tuple]:
    for index in range(count):
        price = f"{(199 + index * 137 % 9801) / 100:.2f}"
        yield f"Notebook No. {index + 1:07}", price, CATEGORIES[index % 5]


def logs(count: int) -> Iterator[tuple]:
    """Nine of ten are older than 90 days; keys without gaps, dates in their order."""
    now = datetime.now(UTC).replace(tzinfo=None)
    for index in range(count):
        if index < count * 9 // 10:
            age = timedelta(days=1000 - 900 * index / count)
        else:
            age = timedelta(days=80 * (count - index) / count)
        yield index + 1, "ada.lovelace", "changed a price", str(now - age)


def scattered_logs(count: int) -> Iterator[tuple]:
    """Nine of ten are older than 90 days; keys with gaps small and large, dates in no order."""
    now = datetime.now(UTC).replace(tzinfo=None)
    key = 0
    for index in range(count):
        key += 50_000 if index % 1000 == 999 else 1 + index * 7919 % 11
        noise = index * 2_654_435_761 % 2**32
        age = timedelta(minutes=noise % 100_000) + timedelta(days=0 if index % 10 == 7 else 100)
        yield key, "ada.lovelace", "changed a price", str(now - age)


def sessions(count: int) -> Iterator[tuple]:
    """As the logs: nine of ten were last used more than 90 days ago."""
    for key, _, _, moment in logs(count):
        yield key, f"{key:040x}", moment


# What a database can be filled with: the table, its columns, its rows.
FILLINGS = {
    "users": ("auth_user", USER_COLUMNS, users),
    "products": ("shop_product", PRODUCT_COLUMNS, products),
    "logs": ("shop_auditlog", LOG_COLUMNS, logs),
    "sessions": ("shop_session", SESSION_COLUMNS, sessions),
    "scattered logs": ("shop_auditlog", LOG_COLUMNS, scattered_logs),
}
