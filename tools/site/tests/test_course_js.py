"""What `docs/javascripts/` adds to the pages, in a browser."""

import re
import shutil

import pytest

from tools.site import libraries

pytestmark = pytest.mark.browser

GREET = "chapters/02-greet.html"
EXPORT = "chapters/03-export.html"
WITH_DIAGRAM = "production/02-greet.html"
BOX = "I have finished this chapter"
needs_mermaid = pytest.mark.skipif(
    not (libraries.is_installed(libraries.TERMINAL) or shutil.which("npm")),
    reason="needs npm's packages: run `npm ci` in tools/terminal",
)
FORBIDDEN = """
for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, {
    configurable: true,
    get() { throw new DOMException("The operation is insecure.", "SecurityError"); },
  });
"""
FULL = """
Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
"""


def tick(page):
    box = page.get_by_label(BOX)
    box.focus()
    page.keyboard.press("Space")
    assert box.is_checked()


def ticked(page, place):
    """Return the links in `place` that have a tick, with its text for screen readers."""
    links = page.locator(f"{place} :is(li, a):has(> .finished, > .md-ellipsis > .finished)")
    return [" ".join(text.split()) for text in links.all_text_contents()]


def reload_with(page, script):
    page.add_init_script(script)
    page.reload()


def test_a_finished_chapter_is_ticked_wherever_it_is_linked(visit, address):
    page = visit(GREET)
    assert ticked(page, ".md-nav--primary") == []
    tick(page)
    assert ticked(page, ".md-nav--primary") == ["2. Arguments ✓ (finished)"]
    page.goto(address + "index.html")
    assert ticked(page, ".md-nav--primary") == ["2. Arguments ✓ (finished)"]
    assert [text[:22] for text in ticked(page, "article")] == ["Arguments✓ (finished) "]
    page.goto(address + GREET)
    assert page.get_by_label(BOX).is_checked()


@pytest.mark.full
def test_a_tick_can_be_taken_back(visit):
    page = visit(GREET)
    tick(page)
    page.get_by_label(BOX).uncheck()
    assert ticked(page, ".md-nav--primary") == []
    page.reload()
    assert not page.get_by_label(BOX).is_checked()


def test_the_home_page_says_where_to_go_on(visit, address):
    page = visit("index.html")
    place = page.locator(".place")
    assert not place.is_visible()
    for chapter in (GREET, "chapters/01-hello.html"):
        page.goto(address + chapter)
        tick(page)
    page.goto(address + "index.html")
    assert re.fullmatch(
        r"2 of \d+ chapters finished\. Go on with 3\. Export\.", place.inner_text()
    )
    place.get_by_role("link").click()
    assert page.url == address + EXPORT


def test_the_set_up_is_no_chapter_to_finish(visit):
    page = visit("chapters/00-setup.html")
    assert page.get_by_label(BOX).count() == 0


@pytest.mark.full
@pytest.mark.parametrize("storage", [FORBIDDEN, FULL], ids=["forbidden", "full"])
def test_without_storage_a_tick_lasts_for_the_visit(visit, storage):
    page = visit(GREET)
    reload_with(page, storage)
    tick(page)
    assert ticked(page, ".md-nav--primary") == ["2. Arguments ✓ (finished)"]
    page.keyboard.press("/")
    page.wait_for_function("() => document.activeElement.matches('input')")


@pytest.mark.full
@pytest.mark.parametrize("kept", ["{", '{"02": true}', "3"])
def test_what_another_page_has_stored_is_replaced(visit, kept):
    page = visit(GREET)
    reload_with(page, f"if (!window.done) localStorage.setItem('finished-chapters', '{kept}')")
    tick(page)
    assert page.evaluate("localStorage.getItem('finished-chapters')") == '["02"]'


def test_a_term_explains_itself_to_the_keyboard(visit):
    page = visit(GREET)
    page.locator("h1 .headerlink").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.localName") == "abbr"
    page.get_by_role("tooltip").filter(has_text="as python manage.py NAME").wait_for()


@pytest.mark.full
def test_a_term_explains_itself_to_a_finger(visit):
    page = visit(GREET, has_touch=True, is_mobile=True)
    page.locator("article abbr").first.tap()
    page.get_by_role("tooltip").filter(has_text="as python manage.py NAME").wait_for()


@pytest.mark.full
@needs_mermaid
def test_the_colors_can_be_chosen_with_the_keyboard_and_diagrams_follow(visit):
    page = visit(WITH_DIAGRAM)
    diagram = page.locator("figure.diagram").first
    diagram.scroll_into_view_if_needed()
    page.locator("figure.diagram[data-colors=neutral] svg").first.wait_for()
    for name in ("Colors follow the system", "Light colors"):
        page.get_by_role("radio", name=re.compile(name)).focus()
        page.keyboard.press("Enter")
    page.locator("body[data-md-color-scheme=slate]").wait_for()
    page.locator("figure.diagram[data-colors=dark] svg").first.wait_for()


@needs_mermaid
def test_a_diagram_is_fetched_when_it_comes_near(visit):
    page = visit(WITH_DIAGRAM)
    page.wait_for_load_state("networkidle")
    loaded = "performance.getEntriesByType('resource').some(({name}) => name.includes('mermaid'))"
    assert not page.evaluate(loaded)
    page.locator("figure.diagram").first.scroll_into_view_if_needed()
    page.wait_for_function(f"() => {loaded}")


@pytest.mark.full
def test_print_shows_the_text_and_neither_navigation_nor_buttons(visit):
    page = visit("chapters/00-setup.html")
    page.emulate_media(media="print")
    assert page.get_by_text("python3 start.py").first.is_visible()
    for gone in (".md-header", ".md-footer", ".md-sidebar", ".headerlink", ".md-code__nav"):
        assert not page.locator(gone).first.is_visible(), gone
