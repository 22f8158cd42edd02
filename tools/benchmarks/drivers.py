"""The database drivers without Django, opened as the project's settings open them."""

import sqlite3
from urllib.parse import urlsplit


def is_sqlite(url: str) -> bool:
    return url.startswith("sqlite:")


def connect(url: str):
    """Return a connection in autocommit mode to the database that DATABASE_URL would name."""
    if is_sqlite(url):
        connection = sqlite3.connect(urlsplit(url).path[1:], isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection
    import psycopg

    return psycopg.connect(url, autocommit=True, options="-c timezone=UTC")


def placeholders(url: str, count: int) -> str:
    return ", ".join(["?" if is_sqlite(url) else "%s"] * count)
