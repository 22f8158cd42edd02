"""Check a fixture before anything is deleted for it."""

import json
from pathlib import Path

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.management.base import CommandError
from django.core.serializers import deserialize
from django.core.serializers.base import DeserializationError

from shared_project.toolkit.files import MEGABYTE, open_input
from shared_project.toolkit.text import printable

# loaddata reads a JSON fixture into memory whole, which takes some ten times its size.
MAX_BYTES = 10 * MEGABYTE


def check_fixture(path: Path, database: str) -> int:
    """Return the number of rows in the JSON fixture `path`.

    Raises CommandError, in one line that names the file and the row, where the file is missing,
    larger than 10 MB, empty or broken, or where a row does not fit its model. What only the
    database knows, such as a reference to a row that is not there, is not checked here.
    """
    with open_input(path, MAX_BYTES) as file:
        content = file.read()
    try:
        entries = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise _refusal(path, f"not a JSON fixture: {error}") from error
    if not isinstance(entries, list) or not entries:
        raise _refusal(path, "must be a list of rows, not empty")
    for number, entry in enumerate(entries, 1):
        try:
            _check_entry(entry, database)
        except (DeserializationError, FieldDoesNotExist, ValidationError) as error:
            reason = "; ".join(error.messages) if isinstance(error, ValidationError) else error
            raise _refusal(path, f"row {number}: {reason}") from error
    return len(entries)


def _check_entry(entry, database):
    if not isinstance(entry, dict) or not isinstance(entry.get("fields"), dict):
        raise ValidationError('needs "model", "pk" and "fields"')
    if not isinstance(entry.get("model"), str):
        raise ValidationError('"model" must be a text such as "shop.product"')
    for row in deserialize("python", [entry], using=database, handle_forward_references=True):
        # SQLite would store a text of any length in a column of 200 characters. The references
        # wait for the database: the row that they name may come later in the file.
        options = row.object._meta
        references = [field.name for field in options.fields if field.is_relation]
        try:
            row.object.clean_fields(exclude=references)
        except ValidationError as error:
            field, messages = next(iter(error.message_dict.items()))
            raise ValidationError(f"{options.label}, {field}: {messages[0]}") from None


def _refusal(path, reason):
    return CommandError(f"{path.name}: {printable(str(reason)).rstrip('.')}. Nothing has changed.")
