"""A chapter is a page that a learner reads in one sitting."""

import re

import pytest

from shared_project.chapters import ROOT, discover
from tools.site.transcripts import FENCE, until_closed

PAGES = {
    chapter.number: ROOT / "docs" / "chapters" / f"{chapter.number}-{chapter.app}.md"
    for chapter in discover()
}
STEPS = sorted(ROOT.glob("chapters/[0-9][0-9]/steps/*.py"))
MOST_WORDS = 1300
MOST_BLOCKS = 12
every_page = pytest.mark.parametrize("number", PAGES)


def split(number):
    """Return the prose of a chapter's page, and the opening lines of its blocks."""
    text = PAGES[number].read_text(encoding="utf-8")
    rest = iter(text.partition("\n---\n")[2].splitlines())
    prose, blocks = [], []
    for line in rest:
        if fence := FENCE.match(line):
            blocks.append(line.strip())
            list(until_closed(rest, fence))
        else:
            prose.append(line)
    return "\n".join(prose), blocks


@every_page
def test_a_chapter_is_short(number):
    prose, blocks = split(number)
    assert len(prose.split()) <= MOST_WORDS
    # Of the two tabs with the test, one is in sight.
    assert len(blocks) - prose.count('=== "TestCase"') <= MOST_BLOCKS


@every_page
def test_a_chapter_shows_each_of_its_steps_after_the_one_before(number):
    steps = [file.relative_to(ROOT).as_posix() for file in STEPS if file.parts[-3] == number]
    _, blocks = split(number)
    shown = [
        re.search('file="(.+?)" since="(.*?)"', line).groups()
        for line in blocks
        if "since" in line
    ]
    assert shown == [*zip(steps, ["", *steps[:-1]], strict=True)]


@every_page
def test_a_chapter_shows_its_test_as_pytest_and_as_a_testcase(number):
    _, blocks = split(number)
    for kind in ("pytest", "testcase"):
        file = f"chapters/{number}/tests/test_with_{kind}.py"
        assert f'```python file="{file}"' in blocks


@every_page
def test_a_chapter_leads_to_its_page_in_production(number):
    prose, _ = split(number)
    page = PAGES[number]
    assert f"](../production/{page.name})" in prose
    assert (ROOT / "docs" / "production" / page.name).exists()


@pytest.mark.parametrize("file", STEPS, ids=lambda file: f"{file.parts[-3]}/{file.name[0]}")
def test_a_step_is_one_short_file_of_its_own(file):
    text = file.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 80
    imported = re.findall(r"^(?:from|import) ([\w.]+)", text, re.MULTILINE)
    apps = {chapter.app for chapter in discover()}
    for name in imported:
        assert name.partition(".")[0] not in apps
        assert not name.startswith("shared_project") or name == "shared_project.shop.models"
