import html
import os
import re
import shutil
from functools import partial

import pytest
from markdown import Markdown

from shared_project.chapters import ROOT, discover
from tools.site import __main__ as prepare
from tools.site import embed, sources
from tools.site.sources import SourceError, file_list, files, href, write_pages

SHARED = ["shared", "site", "site-tests", "terminal"]
PAGES = [*(chapter.number for chapter in discover()), *SHARED]

# What other extensions, and Markdown itself, would change.
TRICKY = """\
---
title: None
---
# A heading and a `command`

```python
print("```")
```

    ```python file="manage.py"
    ```

```console
$ python manage.py hello
No command prints this.
```

[chapters]

[files 05]

*[HTML]: An abbreviation & more
<b>HTML</b>\tand a tab
"""


@pytest.fixture
def root(tmp_path):
    """A checkout with one chapter."""
    for path, text in {
        "manage.py": "import sys\n",
        "shared_project/settings.py": "DEBUG = True\n",
        "shared_project/shop/models.py": "class Product: pass\n",
        "shared_project/shop/tests/test_models.py": "def test_it(): pass\n",
        "tools/site/embed.py": "def embed(): pass\n",
        "tools/site/tests/test_embed.py": "def test_it(): pass\n",
        "tools/terminal/machine/worker.mjs": "run();\n",
        "tools/terminal/tests/worker.test.mjs": "test();\n",
        "tools/terminal/node_modules/tiny/index.js": "run()\n",
        "chapters/01/hello/__init__.py": "",
        "chapters/01/hello/apps.py": "name = 'hello'\n",
        "chapters/01/hello/__pycache__/apps.py": "cached\n",
        "chapters/01/hello/management/commands/hello.py": "class Command: pass\n",
        "chapters/01/data/notes.txt": TRICKY,
        "chapters/01/data/photo.jpg": "not text\n",
        "chapters/01/tests/test_hello.py": "def test_hello(): pass\n",
        "chapters/01/tour.txt": "hello\n",
    }.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (tmp_path / "docs" / "files").mkdir(parents=True)
    return tmp_path


def render(text):
    extensions = [
        "tools.site.extension",
        "attr_list",
        "abbr",
        "tables",
        "pymdownx.highlight",
        "pymdownx.superfences",
    ]
    options = {
        "tools.site.extension": {"glossary": "docs/reference/glossary.md"},
        "pymdownx.highlight": {"anchor_linenums": True},
    }
    return Markdown(extensions=extensions, extension_configs=options).convert(text)


def test_commands_come_first_and_tests_last(root):
    assert files("01", root) == [
        "chapters/01/hello/management/commands/hello.py",
        "chapters/01/hello/__init__.py",
        "chapters/01/hello/apps.py",
        "chapters/01/data/notes.txt",
        "chapters/01/tour.txt",
        "chapters/01/tests/test_hello.py",
    ]


def test_what_chapters_share_stands_apart_from_what_makes_the_site(root):
    assert files("shared", root) == [
        "manage.py",
        "shared_project/settings.py",
        "shared_project/shop/models.py",
        "shared_project/shop/tests/test_models.py",
    ]
    assert files("site", root) == ["tools/site/embed.py"]
    assert files("terminal", root) == ["tools/terminal/machine/worker.mjs"]
    assert files("site-tests", root) == [
        "tools/site/tests/test_embed.py",
        "tools/terminal/tests/worker.test.mjs",
    ]


def test_a_page_of_files_begins_with_a_link_to_each(root):
    lines = file_list("terminal", root)
    assert (
        lines[0] == "- [`tools/terminal/machine/worker.mjs`](#tools-terminal-machine-worker-mjs)"
    )
    assert lines[1:3] == [
        "",
        "## `tools/terminal/machine/worker.mjs` {#tools-terminal-machine-worker-mjs}",
    ]


def test_a_link_leads_to_the_file_or_to_its_line():
    path = "chapters/05/errors/staging.py"
    assert href(path) == "../files/05.html#errors-staging-py"
    assert href(path, 12) == "../files/05.html#__codelineno-errors-staging-py-file-12"
    assert href("manage.py") == "../files/shared.html#manage-py"
    assert href("tools/site/embed.py").startswith("../files/site.html#")


@pytest.mark.parametrize("path", ["README.md", "docs/index.md", "chapters/05/data/photo.jpg"])
def test_a_file_that_no_page_shows_has_no_link(path):
    with pytest.raises(SourceError, match=f"{path}: no page"):
        href(path)


def test_a_link_to_a_page_that_is_not_written_says_what_to_run(monkeypatch, tmp_path):
    monkeypatch.setattr(sources, "PAGES", tmp_path)
    with pytest.raises(SourceError, match=r"05\.md is missing: run `python -m tools\.site`"):
        href("chapters/05/errors/staging.py")


@pytest.mark.parametrize("page", PAGES)
def test_every_link_has_its_place_on_the_page(page):
    text = render(f"[files {page}]")
    ids = re.findall(r'<[^>]* id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    shown = [path for path in files(page) if f"{href(path).partition('#')[2]}-file" in ids]
    assert shown
    for path in files(page):
        assert href(path).partition("#")[2] in ids
    for path in shown:
        lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
        assert href(path, len(lines)).partition("#")[2] in ids
        assert href(path, len(lines) + 1).partition("#")[2] not in ids


def test_no_extension_touches_the_text_of_a_file(root, monkeypatch):
    monkeypatch.setattr(embed, "embed", partial(embed.embed, root=root))
    text = render('```text file="chapters/01/data/notes.txt" id="notes"\n```')
    code = re.search(r"<code>(.*)</code>", text, re.DOTALL)[1]
    assert html.unescape(re.sub(r"<[^>]+>", "", code)) == TRICKY


def test_an_empty_file_is_said_to_be_empty(root):
    lines = file_list("01", root)
    place = lines.index("## `hello/__init__.py` {#hello-init-py}")
    assert lines[place + 2] == "This file is empty."


def test_large_data_is_only_named_and_long_code_is_shown(root):
    (root / "chapters/01/data/notes.txt").write_text("1234567890\n" * 2_000)
    (root / "chapters/01/hello/apps.py").write_text("a = 67890\n" * 2_001)
    lines = file_list("01", root)
    assert "This file holds 22,000 bytes, too many for a page." in lines
    assert '```text file="chapters/01/data/notes.txt" id="data-notes-txt-file"' not in lines
    assert '```python file="chapters/01/hello/apps.py" id="hello-apps-py-file"' in lines


def test_an_unknown_chapter_is_an_error():
    with pytest.raises(SourceError, match="there is no chapter 42"):
        file_list("42")


def test_each_chapter_gets_a_page_that_the_search_leaves_out(root):
    folder = root / "docs" / "files"
    assert write_pages(root, folder) == 5
    assert sorted(page.stem for page in folder.iterdir()) == ["01", *SHARED]
    text = (folder / "01.md").read_text()
    assert text.startswith("---\n")
    assert "search:\n  exclude: true\n---\n# Files of chapter 1\n" in text
    assert "(../chapters/01-hello.md)" in text
    assert text.endswith("\n[files 01]\n")


def test_a_new_chapter_gets_a_page_and_that_of_a_chapter_that_is_gone_is_removed(root):
    folder = root / "docs" / "files"
    write_pages(root, folder)
    (root / "chapters" / "01").rename(root / "chapters" / "10")
    write_pages(root, folder)
    assert sorted(page.stem for page in folder.iterdir()) == ["10", *SHARED]


def test_the_solution_of_each_exercise_gets_a_page_too(root):
    folder = root / "docs" / "files"
    shutil.copytree(ROOT / "chapters/01", root / "chapters/01", dirs_exist_ok=True)
    write_pages(root, folder)
    assert (folder / "solution-price_list.md").exists()
    (root / "chapters/01/exercises.toml").write_text("exercise = []\n")
    write_pages(root, folder)
    assert not (folder / "solution-price_list.md").exists()


def test_a_page_is_written_only_where_it_differs(root):
    folder = root / "docs" / "files"
    write_pages(root, folder)
    os.utime(folder / "01.md", (0, 0))
    (folder / "shared.md").write_text("old\n")
    write_pages(root, folder)
    assert (folder / "01.md").stat().st_mtime == 0
    assert "[files shared]" in (folder / "shared.md").read_text()


@pytest.fixture
def prepared(monkeypatch):
    """What `python -m tools.site` calls, without its work."""

    def pack(say):
        say("Packing …")
        return True, "Packed."

    monkeypatch.setattr(prepare, "write_pages", lambda: 11)
    monkeypatch.setattr(prepare, "copy_libraries", lambda: (True, "Copied."))
    monkeypatch.setattr(prepare, "pack_terminal", pack)
    return monkeypatch


def test_preparing_the_site_says_what_it_did(prepared, capsys):
    prepare.main()
    assert capsys.readouterr() == (
        "docs/files: 11 pages.\nCopied.\nPacking …\nPacked.\n",
        "",
    )


def test_libraries_that_cannot_be_had_are_a_warning(prepared, capsys):
    prepared.setattr(prepare, "copy_libraries", lambda: (False, "npm failed."))
    prepare.main()
    assert capsys.readouterr().err == ("npm failed.\n")


def test_a_terminal_that_cannot_be_packed_is_a_warning(prepared, capsys):
    prepared.setattr(prepare, "pack_terminal", lambda _: (False, "No terminal."))
    prepare.main()
    assert capsys.readouterr().err == ("No terminal.\n")
