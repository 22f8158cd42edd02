"""Pages that show every file of the course whole, and links to their lines.

`python -m tools.site` writes a page `docs/files/NN.md` for each chapter,
`docs/files/shared.md` for what the chapters share, and three more for the course's own machinery.
Such a page holds the line `[files NN]`, which becomes the files themselves while the site is
built, so a page never shows an old state of them. The pages of solutions are there, too: see
`solutions.py`.
"""

import os
import re
from pathlib import Path

from shared_project.chapters import ROOT, Chapter, discover
from tools.site.solutions import solution_pages

PAGES = ROOT / "docs" / "files"
TOP = ["conftest.py", "manage.py", "pyproject.toml", "start.py"]
# The first folder that fits names the page; the files in `TOP` are shared, too.
FOLDERS = {
    "tools/site/tests/": "site-tests",
    "tools/terminal/tests/": "site-tests",
    "tools/terminal/": "terminal",
    "tools/": "site",
    "shared_project/": "shared",
}
TEXTS = {
    "shared": ("Files that the chapters share", "Every chapter uses them."),
    "site": ("Files of the site", "They make the pages of this course."),
    "terminal": ("Files of the terminal", "They run the commands in the pages of this course."),
    "site-tests": ("Tests of the site", "They try what makes the pages of this course."),
}
LANGUAGES = {
    ".css": "css",
    ".csv": "text",
    ".html": "html",
    ".js": "javascript",
    ".json": "json",
    ".md": "markdown",
    ".mjs": "javascript",
    ".py": "python",
    ".toml": "toml",
    ".txt": "text",
    ".xml": "xml",
}
# The solutions of the exercises are not shown beside the files.
NOT_OURS = {"__pycache__", "exercises", "node_modules"}
LARGEST = 20_000  # bytes; a larger file that is not code is only named


class SourceError(ValueError):
    """No page shows the file, or the page has not been written."""


def href(path: str, line: int | None = None) -> str:
    """Return the link to where the file `path` is shown whole, or to one of its lines.

    `path` is relative to the repository's root. The link holds on a page that stands in a folder
    of docs/. Raises SourceError.
    """
    page = _page_of(path)
    if page is None:
        raise SourceError(f"{path}: no page of docs/files shows it")
    if not (PAGES / f"{page}.md").exists():
        raise SourceError(f"docs/files/{page}.md is missing: run `python -m tools.site`")
    anchor = _identify(path)
    return f"../files/{page}.html#" + (f"__codelineno-{anchor}-file-{line}" if line else anchor)


def find_chapter(number: str, root: Path = ROOT) -> Chapter:
    """Return the chapter `number`; raise SourceError where there is none."""
    for chapter in discover(root / "chapters"):
        if chapter.number == number:
            return chapter
    raise SourceError(f"there is no chapter {number}")


def _page_of(path):
    if Path(path).suffix not in LANGUAGES:
        return None
    if chapter := re.match(r"chapters/(\d\d)/", path):
        return chapter[1]
    if path in TOP:
        return "shared"
    return next((FOLDERS[folder] for folder in FOLDERS if path.startswith(folder)), None)


def _identify(path):
    return re.sub(r"[\W_]+", "-", _within(path))


def _within(path):
    return re.sub(r"^chapters/\d\d/", "", path)


def files(page: str, root: Path = ROOT) -> list[str]:
    """Return the paths of the files that `page` shows, in its order.

    Commands come before other modules, a chapter's app before its other files, tests last.
    """
    if page in TEXTS:
        found = [root / name for name in TOP if (root / name).exists()]
        found += [*_walk(root / "shared_project"), *_walk(root / "tools")]
        places = {"shared_project/shop/": 2, "shared_project/": 1}
    else:
        chapter = find_chapter(page, root)
        found = _walk(chapter.folder)
        places = {f"chapters/{page}/{chapter.app}/": -1}

    def order(path):
        place = next((places[prefix] for prefix in places if path.startswith(prefix)), 0)
        return "/tests/" in path, place, "/commands/" not in path, path

    paths = (path.relative_to(root).as_posix() for path in found)
    return sorted((path for path in paths if _page_of(path) == page), key=order)


def _walk(folder):
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in NOT_OURS]
        yield from (Path(parent, name) for name in names)


def file_list(page: str, root: Path = ROOT) -> list[str]:
    """Return the Markdown lines of `page`: a link to each file, then each below a heading."""
    paths = files(page, root)
    lines = [f"- [`{_within(path)}`](#{_identify(path)})" for path in paths]
    for path in paths:
        anchor, suffix = _identify(path), Path(path).suffix
        size = (root / path).stat().st_size
        lines += ["", f"## `{_within(path)}` {{#{anchor}}}", ""]
        if not size:
            lines += ["This file is empty."]
        elif size > LARGEST and suffix != ".py":
            lines += [f"This file holds {size:,} bytes, too many for a page."]
        else:
            lines += [f'```{LANGUAGES[suffix]} file="{path}" id="{anchor}-file"', "```"]
    return lines


def write_pages(root: Path = ROOT, folder: Path = PAGES) -> int:
    """Write the pages into `folder`, and return how many there are.

    A page that is as it should be is left alone, and the page of a chapter or an exercise that is
    gone is removed.
    """
    texts = {f"{name}.md": _page(name, title, about) for name, (title, about) in TEXTS.items()}
    for chapter in discover(root / "chapters"):
        number, count = chapter.number, int(chapter.number)
        about = f"[Chapter {count}](../chapters/{number}-{chapter.app}.md) explains them."
        texts[f"{number}.md"] = _page(number, f"Files of chapter {count}", about)
    texts |= solution_pages(root)
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.md"):
        if old.name not in texts:
            old.unlink()
    for name, text in texts.items():
        page = folder / name
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")
    return len(texts)


def _page(name, title, about):
    return f"""\
---
description: Every file whole, with its line numbers.
search:
  exclude: true
---
# {title}

{about}

[files {name}]
"""
