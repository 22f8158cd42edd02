"""load_demo stores each upload once, under its own name, whatever happened before."""

import errno

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management.base import CommandError

from shared_project.shop.models import TempFile

pytestmark = pytest.mark.django_db

NAME = "temp/upload-00001.txt"
CONTENT = b"An upload from ada.lovelace.\n"


def stored(name):
    with default_storage.open(name) as file:
        return file.read()


def files():
    return sorted(default_storage.listdir("temp")[1])


@pytest.mark.parametrize("left", [CONTENT, CONTENT[:7], b""])
def test_what_an_interrupted_run_left_is_replaced(call, left):
    default_storage.save(NAME, ContentFile(left))
    call("load_demo")
    assert TempFile.objects.get(pk=1).file.name == NAME
    assert stored(NAME) == CONTENT
    assert len(files()) == 5


@pytest.mark.parametrize("content", [b"My thesis", CONTENT + b"And more."])
def test_a_file_that_is_not_the_demos_stays(call, content):
    default_storage.save(NAME, ContentFile(content))
    call("load_demo")
    name = TempFile.objects.get(pk=1).file.name
    assert name != NAME
    assert stored(NAME) == content
    assert stored(name) == CONTENT


def test_a_file_that_another_row_names_stays_even_where_it_looks_like_the_demos(call):
    default_storage.save(NAME, ContentFile(CONTENT[:7]))
    TempFile.objects.create(pk=1000, file=NAME)
    call("load_demo")
    assert TempFile.objects.get(pk=1).file.name != NAME
    assert stored(NAME) == CONTENT[:7]


def test_a_full_disk_is_one_line_and_leaves_no_half_upload(call, monkeypatch):
    def chunks(file, chunk_size=None):
        yield file.read(7)
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(ContentFile, "chunks", chunks)
        with pytest.raises(CommandError) as caught:
            call("load_demo")
    assert str(caught.value) == (
        f"{default_storage.path(NAME)}: No space left on device. "
        "Run this again when that is mended; it goes on where it stopped."
    )
    assert files() == []
    call("load_demo")
    assert len(files()) == TempFile.objects.count() == 5


def test_a_folder_that_cannot_be_made_is_one_line(call):
    default_storage.save("temp", ContentFile(b"A file, where the folder should be"))
    with pytest.raises(CommandError, match=r"upload-00001\.txt: .+ Run this again"):
        call("load_demo")


@pytest.mark.parametrize("key", [1, 5])
def test_a_row_that_is_not_stored_leaves_no_upload(call, monkeypatch, key):
    def save(self, **options):
        if self.pk == key:
            raise KeyboardInterrupt
        original(self, **options)

    original = TempFile.save
    monkeypatch.setattr(TempFile, "save", save)
    with pytest.raises(KeyboardInterrupt):
        call("load_demo")
    assert files() == []


def test_a_row_that_is_there_keeps_its_file(call):
    default_storage.save("temp/mine.txt", ContentFile(b"My thesis"))
    TempFile.objects.create(pk=1, file="temp/mine.txt")
    call("load_demo")
    assert TempFile.objects.get(pk=1).file.name == "temp/mine.txt"
    assert files() == ["mine.txt", *(f"upload-{number:05}.txt" for number in range(2, 6))]
