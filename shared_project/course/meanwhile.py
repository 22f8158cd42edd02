"""Let two sessions of the database meet at the worst moment, the same way every time.

The second one starts right before the first one writes. Either it is done before the first one
goes on, or it waits for something that the first one holds.
"""

import threading
import time
from collections.abc import Callable
from contextlib import contextmanager

from django.db import connection

WRITES = ("INSERT", "UPDATE", "DELETE")
# A statement that takes longer than this on demo data is waiting for a lock.
SECONDS = 0.5


@contextmanager
def meanwhile(second: Callable[[], None]):
    """Run `second` in a session of its own, right before the block's first statement that writes.

    A transaction that begins after something was read counts as one: what it writes may rest on
    what was read, and other sessions can no longer write on SQLite once it has begun.

    Yields its thread, whose `ident` is None as long as nothing was written. What `second` raises
    is raised at the end of the block.
    """
    other = Session(second)
    moments = {*WRITES}

    def start_before_the_first_write(execute, sql, parameters, many, context):
        if sql.startswith("SELECT"):
            moments.add("BEGIN")
        if sql.startswith(tuple(moments)) and not other.ident:
            other.start()
            other.wait_until_done_or_held_up()
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(start_before_the_first_write):
        yield other
    if other.ident:
        other.join()
    if other.error:
        raise other.error


class Session(threading.Thread):
    """A thread that works in a database session of its own."""

    def __init__(self, work):
        super().__init__()
        self.work = work
        self.error = None
        self.statement_began = None

    def run(self):
        try:
            with connection.execute_wrapper(self.watch):
                self.work()
        except BaseException as error:  # noqa: BLE001 - it is raised in the other thread
            self.error = error
        finally:
            connection.close()

    def watch(self, execute, sql, parameters, many, context):
        self.statement_began = time.monotonic()
        try:
            return execute(sql, parameters, many, context)
        finally:
            self.statement_began = None

    def wait_until_done_or_held_up(self):
        while self.is_alive():
            began = self.statement_began
            if began and time.monotonic() - began > SECONDS:
                return
            self.join(0.01)
