"""Store the demo shop's uploads under the same names every time."""

from django.core.files.base import ContentFile
from django.core.management.base import CommandError

from shared_project.shop.models import TempFile


def store(row: TempFile, name: str, content: bytes) -> bool:
    """Store `content` as the file `name`, and `row` with it, unless a row has that key.

    Call it in a transaction, and where nobody else writes temporary files. A run that was
    killed may have left the file without its row: then it is replaced. A file of somebody else
    stays, and this one gets another name.
    """
    if TempFile.objects.filter(pk=row.pk).exists():
        return False
    field = TempFile._meta.get_field("file")
    storage, longest = field.storage, field.max_length
    name = field.generate_filename(row, name)
    try:
        if storage.exists(name) and not TempFile.objects.filter(file=name).exists():
            remove_leftover(storage, name, content)
        name = storage.get_available_name(name, max_length=longest)
        try:
            row.file.name = storage.save(name, ContentFile(content), max_length=longest)
            row.save(force_insert=True)
        except BaseException:
            remove_leftover(storage, name, content)
            raise
    except OSError as error:
        raise CommandError(
            f"{storage.path(name)}: {error.strerror or error}. "
            "Run this again when that is mended; it goes on where it stopped."
        ) from None
    return True


def remove_leftover(storage, name, content):
    """Remove the file `name` where it holds `content`, or its beginning."""
    if not storage.exists(name):
        return
    with storage.open(name) as file:
        ours = content.startswith(file.read(len(content) + 1))
    if ours:
        storage.delete(name)
