from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from shared_project.shop.models import AuditLog, CartItem, Product, Session, TempFile

TABLES = {model: model._meta.db_table for model in (AuditLog, CartItem, Session, TempFile)}


@pytest.fixture
def long_ago():
    return timezone.now() - timedelta(days=100)


@pytest.fixture
def shop(long_ago):
    """Two old and one fresh row of every model; the first session has two cart items."""
    for date in (long_ago, long_ago, timezone.now()):
        AuditLog.objects.create(created_at=date)
        name = f"temp/{TempFile.objects.count() + 1}.txt"
        TempFile.objects.create(file=name, uploaded_at=date)
        Session.objects.create(key=str(Session.objects.count() + 1), last_activity=date)
    for name in ("Novel", "Atlas"):
        product = Product.objects.create(name=name, price=1, category="Books")
        CartItem.objects.create(session=Session.objects.get(key="1"), product=product)


@pytest.fixture
def stored(settings):
    """Store a file for every row of TempFile; return the names of the files that are there."""
    folder = settings.MEDIA_ROOT / "temp"

    def names():
        return sorted(path.name for path in folder.iterdir())

    def store():
        folder.mkdir(parents=True, exist_ok=True)
        for row in TempFile.objects.all():
            (settings.MEDIA_ROOT / row.file.name).write_text("An upload.")
        return names

    return store


@pytest.fixture
def trigger():
    """Return a function that keeps rows of a model: silently, or with the error `message`."""

    def create(model, condition, message=None):
        table = TABLES[model]
        if connection.vendor == "postgresql":
            act = "RETURN NULL" if message is None else f"RAISE EXCEPTION '{message}'"
            sql = (
                f"CREATE OR REPLACE FUNCTION keep_{table}() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN IF {condition} THEN {act}; END IF; RETURN OLD; END $$; "
                f"CREATE TRIGGER keep BEFORE DELETE ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION keep_{table}()"
            )
        else:
            act = "RAISE(IGNORE)" if message is None else f"RAISE(ABORT, '{message}')"
            sql = (
                f"CREATE TRIGGER keep BEFORE DELETE ON {table} WHEN {condition} "
                f"BEGIN SELECT {act}; END"
            )
        with connection.cursor() as cursor:
            cursor.execute(sql)
        tables.append(table)

    tables = []
    yield create
    # A test that commits leaves it behind.
    if not connection.in_atomic_block:
        for table in tables:
            with connection.cursor() as cursor:
                if connection.vendor == "postgresql":
                    cursor.execute(f"DROP FUNCTION keep_{table} CASCADE")
                else:
                    cursor.execute("DROP TRIGGER keep")


@pytest.fixture
def before_delete():
    """Return a context in which `action` runs once, right before the first DELETE from `model`."""

    def context(model, action):
        waiting = [action]

        def wrapper(execute, sql, parameters, many, more):
            if waiting and sql.startswith(f'DELETE FROM "{TABLES[model]}"'):
                waiting.pop()()
            return execute(sql, parameters, many, more)

        return connection.execute_wrapper(wrapper)

    return context
