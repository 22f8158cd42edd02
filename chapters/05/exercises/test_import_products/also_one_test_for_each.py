import json
import re
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from shared_project.shop.models import Product

GOOD = {"name": "Teapot", "price": 10.99, "category": "Kitchen"}
BAD = {"name": "Mug", "price": -1, "category": "Kitchen"}


@pytest.fixture
def write(tmp_path):
    def write(*rows):
        file = tmp_path / "products.json"
        file.write_text(json.dumps(rows), encoding="utf-8")
        return str(file)

    return write


def errors_of(file):
    stderr = StringIO()
    with pytest.raises(CommandError):
        call_command("import_products", file, stderr=stderr)
    return stderr.getvalue()


@pytest.mark.django_db
def test_a_good_file_is_imported(write):
    call_command("import_products", write(GOOD), stdout=StringIO())
    assert Product.objects.get().name == "Teapot"


@pytest.mark.django_db
def test_a_bad_row_keeps_the_good_ones_out(write):
    errors_of(write(GOOD, BAD))
    assert Product.objects.count() == 0


@pytest.mark.django_db
def test_every_bad_row_is_reported_by_its_number(write):
    numbers = re.findall(r"row (\d+)", errors_of(write(BAD, GOOD, BAD)))
    assert numbers == ["1", "3"]


@pytest.mark.django_db
def test_the_field_is_named(write):
    assert "price" in errors_of(write(BAD))
