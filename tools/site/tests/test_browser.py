"""The site, looked at in a browser: every page, wide and narrow, light and dark."""

import re

import pytest

from shared_project.chapters import ROOT
from tools.conftest import FADED, SCHEMES, switch_colors
from tools.site.transcripts import readme_block

pytestmark = pytest.mark.browser

DOCS = ROOT / "docs"
AXE = ROOT / "tools/terminal/node_modules/axe-core/axe.min.js"
MERMAID = ROOT / "tools/terminal/node_modules/@mermaid-js/tiny"
NO_PACKAGES = "needs npm's packages: run `npm ci` in tools/terminal"
# The last one stays: axe looks at the page on a desktop.
WIDTHS = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 800}}


def written(path):
    """Return a page's Markdown, with the blocks that it takes from the README."""
    text = path.read_text(encoding="utf-8")
    block = "\n".join
    return re.sub(
        r"^\[readme (.+)\]$", lambda line: block(readme_block(line[1])), text, flags=re.M
    )


# The pages that are written, not generated: only they have diagrams and console blocks.
WRITTEN = {
    path.relative_to(DOCS).with_suffix(".html").as_posix(): written(path)
    for path in sorted(DOCS.rglob("*.md"))
    if path.parent.name != "files"
}
# One page of each kind, which every run looks at; the others are marked `full`.
SHARE = {"index.html", "chapters/05-errors.html", "production/05-errors.html"}


def share(names):
    return [
        pytest.param(name, marks=() if name in SHARE else pytest.mark.full)
        for name in sorted(names)
    ]


# A page of code has thousands of words and line numbers in a few colors. In each kind of block
# the first of a kind stays; the others become plain text, or go. Of plain text, which axe looks
# at line by line, the beginning is enough.
THIN_OUT_CODE = """
const seen = new Set();
const isFirst = (kind) => !seen.has(kind) && seen.add(kind);
for (const block of document.querySelectorAll(".highlight")) {
  const place = `${block.parentElement.className}/${block.className}`;
  for (const word of block.querySelectorAll("code span[class]:not(:has(*))")) {
    const kind = `${place}/${word.parentElement.className}/${word.className}`;
    if (!isFirst(kind)) word.replaceWith(word.textContent);
  }
  for (const numbers of [".linenos .normal", "code a[id]"])
    for (const number of block.querySelectorAll(numbers))
      if (!isFirst(`${place}/${numbers}`)) number.remove();
  block.normalize();
  const texts = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.slice(0, 60);
}
"""
VIOLATIONS = """(rules) =>
axe.run({
  resultTypes: ["violations"], ...(rules.length && {runOnly: rules}),
}).then(({violations}) => violations
  .flatMap(({id, nodes}) => nodes.map((node) => `${id}: ${node.target} ${node.failureSummary}`)))
"""


def blocks(text, language):
    """Return the lines of each fenced block of `language` in a page's Markdown."""
    fence = re.compile(rf"^( *)```{language}\b.*\n((?:.*\n)*?)\1```$", re.MULTILINE)
    return [
        [line.removeprefix(indent) for line in body.splitlines()]
        for indent, body in fence.findall(text)
    ]


def commands(block):
    """Return what a console block's reader types, without the prompts."""
    typed, continued = [], False
    for line in block:
        continued = line.startswith("$ ") or (continued and line.startswith("> "))
        if continued:
            typed.append(line[2:])
    return typed


def having(language):
    return [name for name, text in WRITTEN.items() if blocks(text, language)]


def problems_of(page):
    """Yield what is wrong with a page, in one line each."""
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    for width, window in WIDTHS.items():
        resize(page, window)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            yield f"{wide} pixels too wide, {width}"
    page.evaluate(THIN_OUT_CODE)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for scheme in SCHEMES:
        switch_colors(page, scheme)
        # The other rules have looked at the page already, and its colors change nothing for them.
        rules = ["color-contrast"] if scheme == "dark" else []
        for found in page.evaluate(VIOLATIONS, rules):
            yield f"{scheme}, {' '.join(found.split())}"
    # A table that fits a desktop may scroll here, and the keyboard has to reach it.
    resize(page, WIDTHS["phone"])
    for found in page.evaluate(VIOLATIONS, ["scrollable-region-focusable"]):
        yield f"phone, {' '.join(found.split())}"


def resize(page, window):
    page.set_viewport_size(window)
    page.evaluate(FADED)


@pytest.fixture
def check_pages(visit):
    """Return a function that visits pages, and finds nothing wrong with them."""
    if not AXE.exists():
        pytest.skip(NO_PACKAGES)

    def check(names):
        problems = [f"{name}, {found}" for name in names for found in problems_of(visit(name))]
        assert not problems, "\n".join(problems)

    return check


@pytest.mark.parametrize("name", share([*WRITTEN, "404.html"]))
def test_a_page_fits_its_window_and_breaks_no_rule_of_axe(check_pages, name):
    check_pages([name])


@pytest.mark.full
def test_a_page_of_code_fits_its_window_and_breaks_no_rule_of_axe(check_pages, site):
    names = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    check_pages(sorted(names - {*WRITTEN, "404.html"}))


SIDEWAYS = """() => [...document.querySelectorAll("pre > code, .step-code")]
  .filter((one) => one.offsetParent && one.scrollWidth > one.clientWidth + 1)
  .map((one) => one.textContent.trim().slice(0, 60))"""


@pytest.mark.parametrize("name", share(WRITTEN))
def test_no_code_scrolls_sideways_on_a_desktop(visit, name):
    assert visit(name).evaluate(SIDEWAYS) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_colors_follow_the_system(visit, scheme):
    page = visit("index.html", scheme=scheme)
    page.locator(f"body[data-md-color-scheme={SCHEMES[scheme]}]").wait_for()


COPY = """async () => {
  const copied = [];
  for (const block of document.querySelectorAll(".transcript")) {
    await navigator.clipboard.writeText("");
    block.querySelector("[title*='opy']").click();
    let text;
    while (!(text = await navigator.clipboard.readText()))
      await new Promise((resolve) => setTimeout(resolve, 10));
    copied.push(text);
  }
  return copied;
}"""


@pytest.mark.parametrize("name", share(having("console")))
def test_copying_a_console_block_gives_its_commands(visit, name):
    page = visit(name, permissions=["clipboard-read", "clipboard-write"])
    copied = page.evaluate(COPY)
    assert [text.split("\n") for text in copied] == [
        commands(block) for block in blocks(WRITTEN[name], "console")
    ]


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.full)])
@pytest.mark.parametrize("name", share(having("mermaid")))
def test_the_diagrams_are_drawn(visit, name, scheme):
    if not MERMAID.exists():
        pytest.skip(NO_PACKAGES)
    page = visit(name, scheme=scheme)
    diagrams = page.locator(".diagram").all()
    assert len(diagrams) == len(blocks(WRITTEN[name], "mermaid"))
    for diagram in diagrams:
        diagram.scroll_into_view_if_needed()
        drawing = diagram.locator("svg").first
        drawing.wait_for()
        size = drawing.bounding_box()
        assert min(size["width"], size["height"]) > 50
        assert size["width"] <= diagram.bounding_box()["width"]


def test_the_search_opens_with_a_slash_and_leads_to_a_page(visit):
    search(visit("index.html"))


def test_a_page_opened_from_a_folder_finds_words_too(visit, site):
    search(visit("index.html", address=site.as_uri() + "/"))


def search(page):
    page.keyboard.press("/")
    page.wait_for_function("() => document.activeElement.matches('input')")
    page.keyboard.type("savepoint")
    page.locator(".md-search-result a", has_text="savepoint").first.wait_for()
    start = page.url
    page.keyboard.press("Enter")
    page.wait_for_function("start => location.href !== start", arg=start)
    assert "savepoint" in page.locator("article").inner_text().lower()


def test_tab_reaches_every_link_and_shows_where_it_is(visit):
    page = visit("index.html")
    wanted = set(page.locator("a[href]:visible").evaluate_all(NUMBER))
    assert len(wanted) > 15
    reached, unseen = set(), []
    while wanted - reached:
        page.keyboard.press("Tab")
        name, seen = page.evaluate(FOCUS)
        if name is None:
            break
        reached.add(name)
        if not seen:
            unseen.append(name)
    assert not wanted - reached
    assert not unseen


NUMBER = "all => all.map((one, index) => (one.dataset.number = `${index}: ${one.href}`))"
# The number of the focused link (a class for what is no link, null if the focus left the page),
# and whether it looks other than without the focus.
FOCUS = """() => {
  const focused = document.activeElement;
  if (focused === document.body) return [null, false];
  const look = () => {
    const {outline, boxShadow, backgroundColor, borderColor} = getComputedStyle(focused);
    return JSON.stringify([outline, boxShadow, backgroundColor, borderColor]);
  };
  const before = look();
  focused.blur();
  const after = look();
  focused.focus({focusVisible: true, preventScroll: true});
  return [focused.dataset.number ?? focused.className, before !== after];
}"""


@pytest.mark.parametrize("name", share(WRITTEN))
def test_without_javascript_the_page_can_be_read(visit, name):
    page = visit(name, java_script_enabled=False)
    shown = " ".join(page.locator("article").inner_text().split())
    prose = re.sub(r"^( *)```.*?^\1```$", "", WRITTEN[name], flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ ([^`{\n]+)$", prose, re.MULTILINE)
    typed = [line for block in blocks(WRITTEN[name], "console") for line in commands(block)]
    missing = [text for text in headings + typed if " ".join(text.split()) not in shown]
    assert not missing
