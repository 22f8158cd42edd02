import re

import pytest
from markdown import Markdown

from shared_project.chapters import ROOT
from tools.site import embed as embedding
from tools.site import sources
from tools.site.embed import EmbedError, chapter_list, embed, extract

SOURCE = '''\
LIMIT = 3
STEP: int = 2


@decorated
class Command:
    """A command."""

    @property
    def size(self):
        return LIMIT

    def handle(self):
        if LIMIT:
            print("on")
'''


# Where `main` begins in manage.py, and where it ends.
LINES = (ROOT / "manage.py").read_text(encoding="utf-8").splitlines()
MAIN = LINES.index("def main():") + 1
END = LINES.index("    sys.exit(code)") + 1


@pytest.fixture
def root(tmp_path):
    (tmp_path / "command.py").write_text(SOURCE)
    return tmp_path


@pytest.mark.parametrize(
    ("symbol", "lines"),
    [
        ("LIMIT", (1, 1)),
        ("STEP", (2, 2)),
        ("Command", (5, 15)),
        ("Command.size", (9, 11)),
        ("Command.handle", (13, 15)),
    ],
)
def test_a_symbol_is_found_with_its_decorators(symbol, lines):
    assert extract(SOURCE, symbol) == lines


@pytest.mark.parametrize("symbol", ["Missing", "Command.missing", "LIMIT.missing"])
def test_a_missing_symbol_is_an_error(symbol):
    with pytest.raises(EmbedError, match=f"no symbol {symbol}"):
        extract(SOURCE, symbol)


def test_a_method_is_dedented_and_keeps_its_line_number(root):
    code, start, highlighted = embed({"file": "command.py", "symbol": "Command.size"}, root)
    assert code == "@property\ndef size(self):\n    return LIMIT"
    assert (start, highlighted) == (9, [])


def test_lines_are_named_by_their_content(root):
    code, start, _ = embed({"file": "command.py", "first": "if LIMIT", "last": "print"}, root)
    assert (code, start) == ('if LIMIT:\n    print("on")', 14)


def test_one_line_needs_no_last(root):
    assert embed({"file": "command.py", "first": "STEP"}, root)[:2] == ("STEP: int = 2", 2)


def test_without_a_symbol_the_whole_file_is_shown(root):
    assert embed({"file": "command.py"}, root)[0] == SOURCE.rstrip()


def test_highlighted_lines_are_named_by_content(root):
    options = {"file": "command.py", "symbol": "Command", "highlight": "LIMIT"}
    assert embed(options, root)[2] == [7, 10]


def test_several_texts_are_highlighted_each_of_them_once(root):
    options = {"file": "command.py", "symbol": "Command", "highlight": "LIMIT | return | print"}
    assert embed(options, root)[2] == [7, 10, 11]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"file": "missing.py"}, "missing.py: No such file"),
        ({"file": "command.py", "symbol": "Missing"}, "command.py: no symbol Missing"),
        ({"file": "command.py", "first": "nowhere"}, "command.py: no line holds 'nowhere'"),
        ({"file": "command.py", "highlight": "nowhere"}, "no line to highlight"),
        ({"file": "command.py", "highlight": "LIMIT | nowhere"}, "holds 'nowhere'"),
        ({"file": "command.py", "symbl": "Command"}, "unknown option symbl"),
    ],
)
def test_what_is_not_there_is_an_error(root, options, said):
    with pytest.raises(EmbedError, match=said):
        embed(options, root)


def render(text):
    extensions = [
        "tools.site.extension",
        "attr_list",
        "pymdownx.highlight",
        "pymdownx.superfences",
    ]
    options = {"pymdownx.highlight": {"anchor_linenums": True}}
    return Markdown(extensions=extensions, extension_configs=options).convert(text)


def test_a_block_on_a_page_becomes_the_code():
    html = render('```python file="manage.py" symbol="main" highlight="setdefault"\n```')
    assert "manage.py" in html
    assert "hll" in html
    assert "execute" not in html
    assert "DJANGO_SETTINGS_MODULE" in html


@pytest.mark.parametrize(
    ("options", "title"),
    [
        (
            'symbol="main"',
            f'manage-py-file-{MAIN}">manage.py<span> lines {MAIN}–{END}</span></a>',
        ),
        ('first="import os"', 'manage-py-file-4">manage.py<span> line 4</span></a>'),
        ("", 'manage-py-file-1">manage.py</a>'),
    ],
)
def test_the_title_is_a_link_to_the_lines_in_the_whole_file(options, title):
    html = render(f'```python file="manage.py" {options}'.rstrip() + "\n```")
    assert f'<span class="filename"><a href="../files/shared.html#__codelineno-{title}' in html


def test_a_block_with_an_id_has_lines_with_ids_and_no_title():
    html = render('```python file="manage.py" symbol="main" highlight="try" id="here"\n```')
    assert 'id="here"' in html
    assert f'id="__codelineno-here-{MAIN}"' in html
    assert "hll" in html
    assert "filename" not in html


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ('symbol="main"', f'data-line="{MAIN}" data-path="manage.py" data-symbol="main"'),
        ('first="import os"', 'data-line="4" data-path="manage.py"'),
        ('id="here"', 'data-line="1" data-path="manage.py" id="here"'),
    ],
)
def test_a_block_says_where_its_code_is_from(options, place, monkeypatch):
    monkeypatch.setattr(embedding, "current_build", lambda: None)
    html = render(f'```python file="manage.py" {options}\n```')
    block = re.search(r'<div ([^>]*class="highlight"[^>]*)>', html)[1]
    assert " ".join(sorted(block.split())) == f'class="highlight" {place}'


@pytest.mark.parametrize(
    ("path", "build", "expected"),
    [
        ("chapters/05/errors/lookalikes.py", "abc", True),
        ("shared_project/shop/models.py", "abc", True),
        ("tools/site/tests/test_embed.py", "abc", False),
        ("chapters/05/errors/lookalikes.py", None, False),
    ],
)
def test_a_block_whose_file_the_terminal_has_can_be_edited(path, build, expected, monkeypatch):
    monkeypatch.setattr(embedding, "current_build", lambda: build)
    block = render(f'```python file="{path}" first="import"\n```')
    assert ('data-build="abc"' in block) == expected


def test_code_without_its_page_is_an_error_that_says_what_to_run(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "PAGES", tmp_path)
    with pytest.raises(EmbedError, match=r"shared\.md is missing: run `python -m tools\.site`"):
        render('```python file="manage.py"\n```')


def test_an_indented_block_stays_indented():
    html = render('1. Read:\n\n    ```python file="manage.py"\n    ```\n')
    assert html.index("<li>") < html.index("DJANGO_SETTINGS_MODULE") < html.index("</li>")


def test_a_block_that_is_not_empty_is_an_error():
    with pytest.raises(EmbedError, match="the block must be empty"):
        render('```python file="manage.py"\nprint(1)\n```')


def test_the_chapters_are_listed_with_their_descriptions():
    html = render("[chapters]")
    assert html.count("<li>") == len(list((ROOT / "chapters").glob("[0-9][0-9]")))
    assert '<a href="chapters/01-hello.md">Hello</a> <span>Where Django finds a command' in html


def test_a_page_without_a_description_is_an_error(tmp_path):
    page = tmp_path / "docs" / "chapters" / "10-reports.md"
    page.parent.mkdir(parents=True)
    (page.parent / "00-setup.md").write_text("# 0. Set up\n")
    page.write_text("# 10. Reports\n")
    with pytest.raises(EmbedError, match=r"10-reports\.md needs a title"):
        chapter_list(tmp_path)


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs/chapters").glob("*.md")), ids=lambda p: p.stem
)
def test_no_chapter_shows_what_is_for_contributors(page):
    for line in page.read_text(encoding="utf-8").splitlines():
        if fence := embedding.FENCE.match(line):
            options = dict(embedding.OPTION.findall(fence["options"]))
            assert "mark.full" not in embed(options)[0], line
