import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

ROWS = """[
    {"name": "Mug", "price": "free", "category": "Kitchen"}
]"""


@pytest.mark.django_db
def test_a_bad_file_is_refused_as_a_whole(tmp_path):
    file = tmp_path / "products.json"
    file.write_text(ROWS, encoding="utf-8")
    with pytest.raises(CommandError):
        call_command("import_products", str(file))
