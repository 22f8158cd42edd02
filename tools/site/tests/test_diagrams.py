import re

import pytest
from markdown import Markdown

from shared_project.chapters import ROOT
from tools.site import diagrams

DIAGRAM = re.compile(r"^ *```mermaid\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
PAGES = [page for page in sorted((ROOT / "docs").rglob("*.md")) if page.parent.name != "files"]


@pytest.fixture
def library(monkeypatch, tmp_path):
    library = tmp_path / "mermaid.tiny.js"
    monkeypatch.setattr(diagrams, "LIBRARY", library)
    return library


def render():
    fence = {"name": "mermaid", "class": "diagram", "format": diagrams.format_diagram}
    superfences = {"pymdownx.superfences": {"custom_fences": [fence]}}
    return Markdown(extensions=["pymdownx.superfences"], extension_configs=superfences).convert(
        '```mermaid\nflowchart TD\n    A["one<br>two"] --> B\n```'
    )


def test_a_diagram_is_its_text_until_it_is_drawn(library):
    assert render() == (
        '<figure class="diagram"><pre>flowchart TD\n'
        "    A[&quot;one&lt;br&gt;two&quot;] --&gt; B</pre></figure>"
    )


def test_a_diagram_is_drawn_where_the_library_is(library):
    library.touch()
    assert render().startswith('<figure class="diagram" data-draw><pre>')


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_diagram_has_a_name_and_a_description(page):
    for diagram in DIAGRAM.findall(page.read_text(encoding="utf-8")):
        for field in ("accTitle", "accDescr"):
            assert re.search(rf"^ *{field}: \w", diagram, re.MULTILINE), f"no {field}: {diagram}"
