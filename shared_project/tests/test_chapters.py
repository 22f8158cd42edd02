import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured

from shared_project.chapters import ROOT, discover

CHAPTERS = discover()


def make(folder, *apps):
    for app in apps:
        (folder / app).mkdir(parents=True)
        (folder / app / "apps.py").touch()


def test_the_nine_stages_are_found_in_order():
    stages = "hello greet export styling errors progress transactions chaining cleanup".split()
    assert [chapter.app for chapter in CHAPTERS[:9]] == stages


def test_every_chapter_is_installed():
    assert all(apps.is_installed(chapter.app) for chapter in CHAPTERS)


def test_a_tenth_chapter_is_a_new_folder(tmp_path):
    make(tmp_path / "10", "reports")
    (tmp_path / "10" / "tests").mkdir()
    (tmp_path / "__pycache__").mkdir()
    assert [(chapter.number, chapter.app) for chapter in discover(tmp_path)] == [("10", "reports")]


@pytest.mark.parametrize(("found", "said"), [([], "none"), (["one", "two"], "one, two")])
def test_a_chapter_without_its_one_app_is_named(tmp_path, found, said):
    (tmp_path / "10").mkdir()
    make(tmp_path / "10", *found)
    with pytest.raises(ImproperlyConfigured, match=rf"10 must hold exactly one .*found: {said}\."):
        discover(tmp_path)


def test_two_apps_of_one_name_are_refused(tmp_path):
    make(tmp_path / "10", "reports")
    make(tmp_path / "11", "reports")
    with pytest.raises(ImproperlyConfigured, match="10 and 11 both call their app 'reports'"):
        discover(tmp_path)


def imports(path: Path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module


def sources(folder: Path):
    return [*folder.rglob("*.py")]


def violations(folder: Path, forbidden: tuple[str, ...]):
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(folder)
        for name in imports(path)
        if f"{name}.".startswith(forbidden)
    ]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.number)
def test_a_chapter_knows_no_other_chapter(chapter):
    others = [other.app for other in CHAPTERS if other != chapter]
    forbidden = ("shared_project.course.", "tools.", *(f"{app}." for app in others))
    assert sources(chapter.folder)
    assert violations(chapter.folder, forbidden) == []


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.number)
def test_an_exercise_stays_as_it_is_when_its_chapter_changes(chapter):
    assert sources(chapter.folder / "exercises")
    assert violations(chapter.folder / "exercises", (f"{chapter.app}.",)) == []


@pytest.mark.parametrize("folder", ["shared_project", "tools"])
def test_what_chapters_share_and_tools_import_no_chapter(folder):
    apps = tuple(f"{chapter.app}." for chapter in CHAPTERS)
    assert sources(ROOT / folder)
    assert violations(ROOT / folder, apps) == []


@pytest.mark.parametrize(
    ("folder", "unknown"),
    [
        ("shared_project", "tools."),
        ("shared_project/toolkit", "shared_project."),
        ("shared_project/shop", "shared_project.course."),
    ],
)
def test_arrows_run_one_way(folder, unknown):
    assert violations(ROOT / folder, (unknown,)) == []


def test_a_wrong_arrow_is_seen(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    (tmp_path / "early.py").write_text("import os, cleanup\nfrom cleanup.targets import TARGETS\n")
    assert violations(tmp_path, ("cleanup.",)) == [
        "early.py imports cleanup",
        "early.py imports cleanup.targets",
    ]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.number)
def test_a_command_reads_as_a_lesson_of_at_most_120_lines(chapter):
    commands = list(chapter.folder.glob("*/management/commands/*.py"))
    assert commands
    for path in commands:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 120, path.name


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.number)
def test_a_chapter_has_its_page_its_tests_and_its_tour(chapter):
    assert (ROOT / "docs" / "chapters" / f"{chapter.number}-{chapter.app}.md").exists()
    assert list((chapter.folder / "tests").glob("test_*.py"))
    assert (chapter.folder / "tour.txt").read_text(encoding="utf-8").strip()
