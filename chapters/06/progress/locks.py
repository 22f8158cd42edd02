"""Do not wait for ever for somebody else's lock, nor in a way that a signal cannot end."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

from django.db import OperationalError, connection

from progress.stopping import StopSignals
from shared_project.toolkit.locks import session_settings

# A container is killed ten seconds after SIGTERM, and a signal counts between two tries.
LOCK_TIMEOUT = "500ms"
# 20 seconds in all, as long as the commands wait for SQLite's lock.
TRIES = 40
LOCK_NOT_AVAILABLE = "55P03"

T = TypeVar("T")


def limited_lock_waits() -> AbstractContextManager[None]:
    """Within, a wait for a lock fails with OperationalError after LOCK_TIMEOUT.

    PostgreSQL waits without a limit unless it is told. SQLite's limit is in the settings.
    """
    return session_settings(connection, lock_timeout=LOCK_TIMEOUT)


def wait_for_locks(batch: Callable[[], T], stop: StopSignals) -> T:
    """Return what `batch` returns, a transaction that is tried again where a lock holds it up.

    Let `stop` end the program between two tries. Raises OperationalError after the last one.
    """
    tries = 1
    while True:
        try:
            return batch()
        except OperationalError as error:
            code = getattr(error.__cause__, "sqlstate", None)
            if code != LOCK_NOT_AVAILABLE or tries >= TRIES:
                raise
        # It was rolled back, at the commit perhaps.
        stop.release()
        stop.end()
        tries += 1
