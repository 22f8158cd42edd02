import pytest

from shared_project.chapters import ROOT
from tools.site.transcripts import parse

picture = pytest.importorskip("tools.site.picture", reason="needs rich: requirements-dev.txt")


@pytest.mark.parametrize("theme", picture.THEMES)
def test_the_pictures_show_what_the_page_shows(theme):
    drawn = picture.draw(picture.transcripts(), theme)
    kept = (picture.FOLDER / f"import-{theme}.svg").read_text(encoding="utf-8")
    assert drawn == kept, "`python -m tools.site.picture` draws them again"


def test_both_are_written(monkeypatch, tmp_path):
    monkeypatch.setattr(picture, "FOLDER", tmp_path / "images")
    picture.main()
    assert {file.name for file in (tmp_path / "images").iterdir()} == {
        "import-dark.svg",
        "import-light.svg",
    }


def test_a_picture_has_commands_and_output_and_asks_no_other_host():
    blocks = [parse("", ["$ pytest <chapters>", "1 passed"])]
    drawn = picture.draw(blocks, "light")
    assert "pytest&#160;&lt;chapters&gt;" in drawn
    assert "1&#160;passed" in drawn
    assert drawn.replace('xmlns="http://www.w3.org/2000/svg"', "").count("://") == 0


def test_the_readme_shows_both_pictures():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for theme in picture.THEMES:
        assert f"docs/images/import-{theme}.svg" in readme
