"""The site as it is built: by MkDocs, without Node.js, with a repository, and by Zensical."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser

import pytest

from shared_project.chapters import ROOT
from tools.site.replay import copy_tree

GENERATORS = {
    "mkdocs": ["-m", "mkdocs", "build", "--strict"],
    "zensical": ["-m", "zensical", "build", "--strict"],
}


class Article(HTMLParser):
    """The words of a page's article, and how often it has each element."""

    def __init__(self, text):
        super().__init__()
        self.inside = False
        self.words = []
        self.elements = Counter()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.inside = self.inside or tag == "article"
        if self.inside:
            self.elements[tag] += 1

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "article"

    def handle_data(self, text):
        if self.inside:
            self.words += text.split()


def articles(site):
    return {
        page.relative_to(site).as_posix(): Article(page.read_text(encoding="utf-8"))
        for page in sorted(site.rglob("*.html"))
    }


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """Build a copy of the course on a machine without Node.js; return what was said."""
    folder = tmp_path_factory.getbasetemp() / "copies"
    ignored = shutil.ignore_patterns(".*", "__pycache__", "assets", "node_modules")

    def build(generator, **variables):
        copy = folder / "-".join([generator, *variables])
        copy_tree(copy, ignored)
        (folder / "nothing").mkdir(exist_ok=True)
        env = {
            **os.environ,
            "PATH": str(folder / "nothing"),
            "DJANGO_DATA_DIR": str(copy / "var"),
            "NO_MKDOCS_2_WARNING": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            **variables,
        }
        said = ""
        for command in (["-m", "tools.site"], GENERATORS[generator]):
            done = subprocess.run(
                [sys.executable, *command], cwd=copy, env=env, capture_output=True, text=True
            )
            said += done.stdout + done.stderr
            assert done.returncode == 0, said
        return copy / "site", said

    return build


def test_every_page_is_built(site):
    written = {
        page.relative_to(ROOT / "docs").with_suffix(".html").as_posix()
        for page in (ROOT / "docs").rglob("*.md")
    }
    built = {page.relative_to(site).as_posix() for page in site.rglob("*.html")}
    assert built == written | {"404.html"}


@pytest.mark.full
def test_without_node_and_with_a_repository_the_site_is_built(build):
    site, said = build("mkdocs", REPO_URL="https://github.com/somebody/course")
    assert "Node.js is absent: diagrams are shown as text." in said
    assert "Node.js is absent: the pages have no terminal." in said
    assert not (site / "assets" / "mermaid.tiny.js").exists()
    assert not (site / "assets" / "terminal").exists()
    for file in site.rglob("*.html"):
        assert not re.search("<[^>]+ data-build=", file.read_text(encoding="utf-8")), file
    page = (site / "chapters" / "01-hello.html").read_text(encoding="utf-8")
    edit = "https://github.com/somebody/course/edit/main/docs/chapters/01-hello.md"
    assert f'href="{edit}"' in page
    # For what has this attribute, the theme asks github.com's API how many stars there are.
    assert 'data-md-component="source"' not in page
    assert 'class="md-source">' in page
    assert 'rel="edit">' not in (site / "files" / "01.html").read_text(encoding="utf-8")


def test_without_a_repository_no_page_can_be_edited(site):
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert 'rel="edit">' not in text
        assert 'class="md-source">' not in text


def test_a_page_is_shown_before_its_scripts_run(site):
    for page in site.rglob("*.html"):
        body = page.read_text(encoding="utf-8").partition("<body")[2]
        assert '<script defer src="' in body
        assert '<script src="' not in body


@pytest.mark.full
@pytest.mark.zensical
def test_zensical_builds_the_same_articles(build):
    pytest.importorskip("zensical", reason="needs pip install -r requirements-dev.txt")
    ours, others = (articles(build(generator)[0]) for generator in ("mkdocs", "zensical"))
    assert others.keys() == ours.keys()
    for name, article in ours.items():
        assert others[name].words == article.words, name
        # Its button "Back to top" stands in the article.
        assert others[name].elements - article.elements == Counter(a=1), name
        assert not article.elements - others[name].elements, name


def test_the_versions_that_the_page_names_are_the_first_and_the_last_that_are_admitted():
    page = (ROOT / "docs/reference/testing.md").read_text(encoding="utf-8")
    requirements = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    start = (ROOT / "start.py").read_text(encoding="utf-8")
    python, first, last = re.search(
        r"on Python 3\.(\d+) with Django ([\d.]+), .* with Django ([\d.]+),", page
    ).groups()
    after_last = re.sub(r"\d+$", lambda minor: str(int(minor[0]) + 1), last)
    assert f"Django>={first},<{after_last}\n" in requirements
    assert f"sys.version_info < (3, {python})" in start
