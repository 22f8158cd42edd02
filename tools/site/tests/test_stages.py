import pytest

from shared_project.chapters import ROOT, discover
from tools.site.sources import SourceError
from tools.site.stages import new_names, stage

FIRST = """\
import json

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Say hello."
"""
SECOND = """\
import json
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from greet.text import quoted
from shared_project.shop.models import Product


class Command(BaseCommand):
    help = "Greet somebody."
"""
FILES = {
    "chapters/01/hello/apps.py": "",
    "chapters/01/hello/management/commands/hello.py": FIRST,
    "chapters/01/hello/words.py": "greeting = 'Hello'\n",
    "chapters/01/tests/test_hello.py": "def test_hello(): pass\n\n\ndef helper(): pass\n",
    "chapters/02/greet/apps.py": "",
    "chapters/02/greet/management/commands/greet.py": SECOND,
    "chapters/02/greet/text.py": "import re\n",
    "chapters/02/data/names.txt": "Ada\n",
    "chapters/02/data/others.txt": "Grace\n",
    "chapters/02/steps/1_first_draft.py": "import csv\nprint(csv)\n",
    "chapters/02/tests/conftest.py": "def test_like(): pass\n",
    "chapters/02/tests/test_greet.py": "import pytest\ndef test_a(): pass\ndef test_b(): pass\n",
}


@pytest.fixture
def root(tmp_path):
    """A checkout with two chapters."""
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


@pytest.fixture
def chapters(root):
    return discover(root / "chapters")


def section(number, root):
    return "\n".join(stage(number, root))


def test_the_files_of_the_app_are_linked_and_their_lines_counted(root):
    link = '<a href="../files/02.html#greet-text-py">`greet/text.py`</a>'
    assert f"| {link} | 1 |" in stage("02", root)


def test_tests_steps_and_data_are_counted(root):
    lines = stage("02", root)
    assert lines[lines.index("| 2 tests | 4 |") :][:3] == [
        "| 2 tests | 4 |",
        "| 1 step | 2 |",
        "| 2 input files | 2 |",
    ]


def test_what_a_chapter_lacks_is_not_counted(root):
    lines = stage("01", root)
    assert "| 1 test | 4 |" in lines
    assert not any("step" in line or "input" in line for line in lines)


def test_names_that_are_new_are_told_apart_by_where_they_come_from(root):
    text = section("02", root)
    assert "- New from Django: `django.core.management.base.CommandError`\n" in text
    assert "- New from other packages: `tqdm.tqdm`\n" in text
    assert "- New from the shared project: `shared_project.shop.models.Product`\n" in text
    assert "- New from the standard library: `re`\n" in text


def test_a_name_is_new_once(chapters, root):
    assert new_names(chapters[0], root) == ["django.core.management.base.BaseCommand", "json"]
    assert not {"json", "django.core.management.base.BaseCommand"} & {
        *new_names(chapters[1], root)
    }


def test_an_unknown_chapter_is_an_error():
    with pytest.raises(SourceError, match="there is no chapter 42"):
        stage("42")


@pytest.mark.parametrize("chapter", discover(), ids=lambda chapter: chapter.number)
def test_a_production_page_ends_with_its_own_stage(chapter):
    page = ROOT / "docs" / "production" / f"{chapter.number}-{chapter.app}.md"
    text = page.read_text(encoding="utf-8")
    assert text.endswith(f"\n\n[stage {chapter.number}]\n")
    assert text.count("[stage ") == 1
