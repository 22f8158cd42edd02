"""Do not wait for ever for somebody else's lock."""

from django.db import connection

# As long as SQLite waits, by `timeout` in the settings.
LOCK_TIMEOUT = "20s"


def limit_lock_waits() -> None:
    """Let a wait for a lock fail with OperationalError after LOCK_TIMEOUT.

    For the transaction that is open now; call it inside `atomic`. PostgreSQL waits without a
    limit unless it is told.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
