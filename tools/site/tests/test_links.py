"""Every link of the built site leads to a page and a place on it that exist."""

import json
from functools import cache
from html.parser import HTMLParser
from pathlib import PurePosixPath
from posixpath import normpath
from urllib.parse import unquote, urlsplit

import pytest

RESOURCES = {"audio", "embed", "iframe", "img", "link", "script", "source", "track", "video"}


class Page(HTMLParser):
    """What a page links to, and the places on it that a link can lead to."""

    def __init__(self, text):
        super().__init__()
        self.anchors = {"", "top"}
        self.links = []
        self.resources = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors |= {attributes[name] for name in ("id", "name") if attributes.get(name)}
        for name in ("href", "src", "data", "poster"):
            if link := attributes.get(name):
                self.links.append(link)
                if tag in RESOURCES and attributes.get("rel") != "canonical":
                    self.resources.append(link)
        self.links += [part.split()[0] for part in attributes.get("srcset", "").split(",") if part]


def leads_nowhere(page, link, files, pages):
    """Return whether `link` on `page` leads to no file of the site, or to no place on a page."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return False
    target = page
    if parts.path:
        base = "/" if parts.path.startswith("/") else f"/{PurePosixPath(page).parent}/"
        target = normpath(base + unquote(parts.path)).lstrip("/") or "index.html"
    if target not in files:
        return True
    return target in pages and unquote(parts.fragment) not in pages[target].anchors


@cache
def read(site):
    """Return the names of the site's files, and its pages by name."""
    files = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    html = [name for name in files if name.endswith(".html")]
    return files, {name: Page((site / name).read_text(encoding="utf-8")) for name in html}


@pytest.mark.no_cover
def test_every_link_and_anchor_resolves(site):
    files, pages = read(site)
    broken = [
        f"{name}: {link}"
        for name, page in sorted(pages.items())
        for link in page.links
        if leads_nowhere(name, link, files, pages)
    ]
    assert not broken, "\n".join(broken)


@pytest.mark.no_cover
def test_no_page_names_a_resource_of_another_host(site):
    _, pages = read(site)
    foreign = [
        f"{name}: {link}"
        for name, page in sorted(pages.items())
        for link in page.resources
        if urlsplit(link).netloc
    ]
    assert not foreign, "\n".join(foreign)


@pytest.mark.no_cover
def test_every_result_of_the_search_leads_to_its_section(site):
    files, pages = read(site)
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    assert index["docs"]
    broken = [
        entry["location"]
        for entry in index["docs"]
        if leads_nowhere("index.html", entry["location"], files, pages)
    ]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(
    "link",
    ["gone.html", "b.html#gone", "#gone", "../b.html", "/a.html", "b%20c.html", "../chapters/"],
)
def test_a_link_that_leads_nowhere_is_found(link):
    pages = {"chapters/a.html": Page('<p id="here">'), "chapters/b.html": Page("")}
    assert leads_nowhere("chapters/a.html", link, pages.keys(), pages)


@pytest.mark.parametrize(
    "link",
    ["b.html", "b.html#here", "#top", "../chapters/b.html?q=1", "/chapters/b.html", "https://a.b"],
)
def test_a_link_that_leads_somewhere_is_left_alone(link):
    pages = {"chapters/a.html": Page(""), "chapters/b.html": Page('<p id="here">')}
    assert not leads_nowhere("chapters/a.html", link, pages.keys(), pages)
