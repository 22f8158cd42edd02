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


ERRORS = "chapters/05-errors.html"
TELL = "(detail) => { dispatchEvent(new CustomEvent('exercises', { detail })); }"


def solve(page, *, chapter="05", **exercises):
    """Tell the page what the terminal tells: of each exercise whether it is solved, and `last`."""
    entries = {key: {"solved": solved, "last": last} for key, (solved, last) in exercises.items()}
    others = {"01": {"hello": {"solved": False, "last": ""}}}
    page.evaluate(TELL, {**others, chapter: entries})


def box_of(page, key):
    """Return what a box shows as solved: its title, the ticked lines, the link to the solution."""
    box = page.locator(f"details.exercise:has([data-key={key}])")
    box.evaluate("(box) => (box.open = true)")
    title = box.locator("summary").first.text_content()
    lines = [item.text_content() for item in box.locator("> ol > li").all()]
    held = [number for number, text in enumerate(lines, 1) if text.endswith("✓ (holds)")]
    return title.endswith("✓ (solved)"), held, box.locator(".solution-link").is_visible()


def counted(page, place):
    return [
        " ".join(text.split())
        for text in page.locator(f"{place} .solved-count").all_text_contents()
    ]


def test_solved_exercises_are_counted_wherever_the_chapter_is_linked(visit, address):
    page = visit(ERRORS)
    assert counted(page, ".md-nav--primary") == []
    solve(page, check_emails=(True, "y"), import_customers=(False, "n y"))
    assert counted(page, ".md-nav--primary") == ["1 of 2 exercises solved"]
    page.goto(address + "index.html")
    link = page.locator(".md-nav--primary a:has(.solved-count)")
    assert link.get_attribute("href").endswith("05-errors.html")
    assert counted(page, "article") == ["1 of 2 exercises solved"]


def test_the_box_of_an_exercise_shows_what_holds_and_stays_so_after_a_reload(visit):
    page = visit(ERRORS)
    assert box_of(page, "check_emails") == (False, [], False)
    solve(page, check_emails=(False, "y n y n n n"))
    assert box_of(page, "check_emails") == (False, [1, 3], False)
    solve(page, check_emails=(True, "y y y y y y"))
    page.reload()
    assert box_of(page, "check_emails") == (True, [1, 2, 3, 4, 5, 6], True)
    solve(page, check_emails=(False, ""))  # a reset
    assert box_of(page, "check_emails") == (False, [], False)


def test_what_was_solved_elsewhere_holds_and_what_has_grown_is_to_be_checked(visit):
    page = visit(ERRORS)
    solve(page, check_emails=(True, ""), import_customers=(True, "y y"))
    assert box_of(page, "check_emails") == (True, [1, 2, 3, 4, 5, 6], True)
    assert box_of(page, "import_customers") == (True, [], True)


def test_another_tab_shows_what_is_solved_in_this_one(visit, address):
    page = visit(ERRORS)
    other = page.context.new_page()
    other.goto(address + "index.html")
    solve(page, check_emails=(True, "y"))
    other.locator(".md-nav--primary .solved-count").wait_for(state="attached")


def test_the_home_page_goes_on_where_exercises_are_solved(visit, address):
    page = visit(ERRORS)
    solve(page, check_emails=(True, "y"), import_customers=(False, ""))
    page.goto(address + "index.html")
    place, next_stop = page.locator(".place"), page.locator(".path .next a")
    assert place.inner_text() == ("1 of 3 exercises solved. Go on with 5. Validation and errors.")
    assert next_stop.inner_text() == "Validation and errors"
    assert page.locator(".actions .start").inner_text() == "Go on with 5. Validation and errors"
    # A chapter with nothing left to solve is behind the learner, ticked or not.
    solve(page, check_emails=(True, "y"), import_customers=(True, "y"))
    assert place.inner_text() == "2 of 3 exercises solved. Go on with 1. Hello."
    page.goto(address + GREET)
    tick(page)
    page.goto(address + "index.html")
    assert re.match(r"1 of \d+ chapters finished, 2 of 3 exercises solved\. ", place.inner_text())


@pytest.mark.full
@pytest.mark.parametrize("kept", ["{", "3", "null", '{"05": 3}', '{"05": {"check_emails": null}}'])
def test_exercises_that_another_page_has_stored_count_nothing(visit, kept):
    page = visit(ERRORS)
    page.evaluate("(kept) => localStorage.setItem('exercises', kept)", kept)
    page.reload()
    assert box_of(page, "check_emails") == (False, [], False)
    assert counted(page, ".md-nav--primary") == []
    tick(page)


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
