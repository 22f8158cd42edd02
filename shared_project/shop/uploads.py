"""Store the demo shop's uploads under the same names every time."""

from django.core.files.base import ContentFile
from django.core.management.base import CommandError

from shared_project.shop.models import TempFile

FIELD = TempFile._meta.get_field("file")


def store(uploads: list[tuple[TempFile, str, bytes]]) -> int:
    """Store each (row, file name, content) unless a row has that key; return how many were new.

    Call it in a transaction, and where nobody else writes temporary files. When one fails, none
    is stored. A run that was killed may have left a file without its row: then it is replaced.
    A file of somebody else stays, and the new one gets another name.
    """
    there = TempFile.objects.filter(pk__in=[row.pk for row, _, _ in uploads])
    keys = set(there.values_list("pk", flat=True))
    new = [upload for upload in uploads if upload[0].pk not in keys]
    stored = []
    try:
        for row, name, content in new:
            stored.append((free_name(row, name, content), content))
            save(row, *stored[-1])
    except BaseException:
        # The transaction takes back the rows, and no file.
        for name, content in stored:
            remove_leftover(name, content)
        raise
    return len(new)


def free_name(row, name, content):
    name = FIELD.generate_filename(row, name)
    if FIELD.storage.exists(name) and not TempFile.objects.filter(file=name).exists():
        remove_leftover(name, content)
    return FIELD.storage.get_available_name(name, max_length=FIELD.max_length)


def save(row, name, content):
    try:
        row.file.name = FIELD.storage.save(name, ContentFile(content), max_length=FIELD.max_length)
    except OSError as error:
        raise CommandError(
            f"{FIELD.storage.path(name)}: {error.strerror or error}. "
            "Run this again when that is mended; it goes on where it stopped."
        ) from None
    row.save(force_insert=True)


def remove_leftover(name, content):
    """Remove the file `name` where it holds `content`, or its beginning."""
    if not FIELD.storage.exists(name):
        return
    with FIELD.storage.open(name) as file:
        ours = content.startswith(file.read(len(content) + 1))
    if ours:
        FIELD.storage.delete(name)
