"""On PostgreSQL, choose between fast commits and commits that outlive a crash."""

from contextlib import AbstractContextManager

from django.db import connection

from shared_project.toolkit.locks import session_settings


def asynchronous_commits() -> AbstractContextManager[None]:
    """Within, a commit does not wait for the disk, and a crash of the server may undo it.

    That saves most of a small batch's time. The price: a crash takes back what was committed
    in the last moment, less than a second of it. Nothing is torn, but rows that were reported as
    deleted are there again. Use it only where the next run does the same work once more, and
    where nothing outside the database has followed the commit.
    """
    return session_settings(connection, synchronous_commit="off")


def durable_commits() -> AbstractContextManager[None]:
    """Within, a commit waits for the disk, whatever the session or the server is set to."""
    return session_settings(connection, synchronous_commit="on")
