"""Remove the stored files of rows that have gone, and no file that another row still names."""

import os
import posixpath
from collections.abc import Callable, Iterable

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import Storage
from django.core.management.base import CommandError
from django.db import Error, connection, transaction
from django.db.models import FileField, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat

from cleanup.names import plural
from shared_project.toolkit.text import printable

# SQLite allows a limited number of parameters in a statement.
NAMES_IN_A_STATEMENT = 500
# In "/name/", what Django puts in no name of its own: a segment that is empty, or begins with a
# dot, or what parts segments on Windows.
SIGNS_OF_ANOTHER_SPELLING = ("//", "/.", "\\")


class StoredFiles:
    """The stored files of one run.

    `orphans`: the names of those that have lost their row and are still there, with a sentence
    that says why and what to do.
    """

    def __init__(self):
        self.orphans: list[tuple[str, str]] = []
        self._has_other_spellings = None

    def remove(self, field: FileField, names: Iterable[str]) -> None:
        """Remove the files `names`, which rows that have gone named in `field`.

        Call it after the commit: a rollback brings back a row, but never a file. A file that
        another row names stays, whoever that row belongs to; it goes when that row goes.
        """
        names = [*filter(None, dict.fromkeys(names))]
        try:
            needed = self._needed(field, names)
        except Error as error:
            why = f"No answer whether another row names it ({first_line(error)})"
            self.orphans += [(name, f"{why}. Remove it by hand if none does.") for name in names]
            return
        for name in names:
            if name in needed:
                continue
            try:
                field.storage.delete(name)  # a file that is missing already is no error
            # Each backend raises its own library's errors, which have no class in common.
            except Exception as error:  # noqa: BLE001
                self.orphans.append((name, f"{reason(error)}. Remove this file by hand."))

    def _needed(self, field, names):
        """Return those of `names` that lead to a file which a row names, in whatever spelling."""
        plain = {name: plain_spelling(field.storage, name) for name in names}
        wanted = {*plain.values()}
        rows = field.model.objects.order_by().values_list(field.name, flat=True)
        asked = [*wanted.union(names)]
        found = set()
        for start in range(0, len(asked), NAMES_IN_A_STATEMENT):
            some = asked[start : start + NAMES_IN_A_STATEMENT]
            same = rows.filter(**{f"{field.name}__in": some})
            found.update(plain.get(name, name) for name in same)
        others = in_another_spelling(rows, field.name)
        # A scan of the table. Django makes no such names, so most runs do without it.
        if self._has_other_spellings is None:
            self._has_other_spellings = others.exists()
        if self._has_other_spellings:
            spelled = (plain_spelling(field.storage, name) for name in others.iterator())
            found.update(wanted.intersection(spelled))
        return {name for name in names if plain[name] in found}


def after_commit(function: Callable[[], None]) -> None:
    """Call `function` now, or in the caller's transaction when that is committed.

    Files go then. Where the caller ends transactions without `atomic`, that moment is unknown,
    and `function` is called now.
    """
    if connection.in_atomic_block:
        transaction.on_commit(function)
    else:
        function()


def check_storage(field: FileField) -> None:
    """Raise CommandError where the settings name no usable storage, before a row is deleted."""
    try:
        field.storage.delete  # noqa: B018
    # A backend's own library may raise anything here too.
    except Exception as error:
        raise CommandError(
            f"The storage of {plural(field.model)} cannot be used: "
            f"{printable(reason(error))}. Check STORAGES in the settings."
        ) from error


def plain_spelling(storage: Storage, name: str) -> str:
    """Return the spelling in which Django would store the name that leads to the same file."""
    if not any(sign in f"/{name}/" for sign in SIGNS_OF_ANOTHER_SPELLING):
        return name
    try:
        path = os.path.relpath(storage.path(name), storage.path(""))
    # An object store has no paths, and clients of some take other spellings for the same name.
    except Exception:  # noqa: BLE001
        path = posixpath.normpath(name)
    return path.replace(os.sep, "/")


def in_another_spelling(rows: QuerySet, field: str) -> QuerySet:
    """Return those of `rows` whose name in `field` is not, or may not be, the plain one."""
    sign = Q()
    for text in SIGNS_OF_ANOTHER_SPELLING:
        sign |= Q(name_between_slashes__contains=text)
    between = Concat(Value("/"), field, Value("/"), output_field=TextField())
    return rows.exclude(**{field: ""}).alias(name_between_slashes=between).filter(sign)


def reason(error: Exception) -> str:
    """Return what `error` says, in one line."""
    if isinstance(error, SuspiciousFileOperation):
        return "Not below the folder of uploads"
    words = first_line(getattr(error, "strerror", None) or error)
    return (words or type(error).__name__).rstrip(".")


def first_line(error: Exception | str) -> str:
    return str(error).partition("\n")[0].strip()
