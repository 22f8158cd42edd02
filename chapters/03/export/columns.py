"""The columns of an export: which fields it may hold, and how their rows are read."""

from collections.abc import Iterator, Sequence
from itertools import islice

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError
from django.db import connections
from django.db.models import BooleanField, CharField, DateTimeField, IntegerField, TextField

from export.dates import Iso8601, in_utc
from shared_project.toolkit.text import quoted

BATCH_SIZE = 2000

# What may leave the database. A list of what must stay, such as the password's hash, would
# miss the field that somebody adds next year.
FIELDS = [
    *["id", "username", "email", "first_name", "last_name"],
    *["is_active", "is_staff", "is_superuser", "date_joined", "last_login"],
]


def offered_fields() -> list[str]:
    """Return the fields of the user model that may be exported."""
    return [*filter(has_field, dict.fromkeys([*FIELDS, *default_fields()]))]


def default_fields() -> list[str]:
    """Return the fields that hold a user's name and address, as far as the model has them."""
    user = get_user_model()
    names = dict.fromkeys([user.USERNAME_FIELD, getattr(user, "EMAIL_FIELD", "email")])
    return [*filter(has_field, names)]


def has_field(name: str) -> bool:
    """Say whether the user model has a column of that name; many-to-many fields have none."""
    return any(
        field.name == name and field.concrete and not field.many_to_many
        for field in get_user_model()._meta.get_fields()
    )


def is_text(name: str) -> bool:
    """Say whether the field's cells may hold any text."""
    field = get_user_model()._meta.get_field(name)
    return not isinstance(field, (BooleanField, DateTimeField, IntegerField))


def check_fields(names: Sequence[str]) -> list[str]:
    """Return `names` as a list; raise CommandError where one is not offered or is repeated.

    The exit code is 2: what was typed is wrong.
    """
    offered = offered_fields()
    choices = f"Choose from: {', '.join(offered)}."
    if not isinstance(names, (list, tuple)) or not names:
        raise CommandError(f"--fields: must be a list of fields. {choices}", returncode=2)
    for index, name in enumerate(names):
        if name not in offered:
            raise CommandError(f"--fields: cannot export {quoted(name)}. {choices}", returncode=2)
        if name in names[:index]:
            raise CommandError(f"--fields: {name} is repeated.", returncode=2)
    return list(names)


def read_users(fields: list[str], *, active_only: bool) -> Iterator[list[tuple]]:
    """Yield the users in batches of at most BATCH_SIZE rows, each a tuple as `fields`.

    A cell is a text, a whole number, a bool or None.
    """
    user = get_user_model()
    users = user._default_manager.order_by("pk")
    if active_only:
        users = users.filter(is_active=True)
    kinds = [user._meta.get_field(name) for name in fields]
    dates = {i: kind.name for i, kind in enumerate(kinds) if isinstance(kind, DateTimeField)}
    others = {i for i, kind in enumerate(kinds) if is_text(kind.name) and not _reads_str(kind)}
    columns = [Iso8601(name) if i in dates else name for i, name in enumerate(fields)]
    rows = users.values_list(*columns).iterator(chunk_size=BATCH_SIZE)
    while batch := list(islice(rows, BATCH_SIZE)):
        if dates:
            batch = in_utc(batch, dates, connections[users.db])
        if others:
            batch = [_with_texts(row, others) for row in batch]
        yield batch


def _reads_str(field):
    return isinstance(field, (CharField, TextField)) and not hasattr(field, "from_db_value")


def _with_texts(row, indexes):
    return tuple(
        str(cell) if i in indexes and cell is not None else cell for i, cell in enumerate(row)
    )
