"""The Run buttons and the terminal that they open, in a browser without Python."""

import os
import shutil
from pathlib import Path

import pytest

from shared_project.chapters import ROOT
from tools.conftest import NO_TOOLS, Visits
from tools.site.libraries import TERMINAL
from tools.site.tests.serving import serve

pytestmark = pytest.mark.browser

XTERM = ["xterm/lib/xterm.mjs", "xterm/css/xterm.css", "addon-fit/lib/addon-fit.mjs"]
AXE = "axe-core/axe.min.js"
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
}
SCREEN = """() => [...document.querySelectorAll(".xterm-rows > div")]
  .map((row) => row.textContent.replaceAll("\\u00a0", " ").trimEnd()).join("\\n").trimEnd()"""


def find_package(path):
    """Return a file of npm's packages: of the site's own, or of those that NODE_PATH names."""
    folders = [TERMINAL / "node_modules", *map(Path, os.environ.get("NODE_PATH", "").split(":"))]
    return next((folder / path for folder in folders if (folder / path).exists()), None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A page with console blocks, and all that running them needs, but for Python."""
    packages = [find_package(f"@xterm/{path}") for path in XTERM]
    if not all(packages):
        pytest.skip("needs npm's packages: run `npm ci` in tools/terminal")
    material = pytest.importorskip("material", reason=NO_TOOLS)
    folder = tmp_path_factory.mktemp("view")
    build = folder / "assets/terminal/build"
    for name in ("shell", "editing", "view", "panels", "machine"):
        shutil.copytree(TERMINAL / name, build / name)
    shutil.copy(TERMINAL / "course.mjs", build)
    for name in (build / "vendor", folder / "javascripts"):
        name.mkdir()
    for file in packages:
        shutil.copy(file, build / "vendor")
    shutil.copy(TERMINAL / "tests/fake-machine.mjs", build / "machine/machine.mjs")
    shutil.copy(TERMINAL / "tests/view.html", folder)
    shutil.copy(ROOT / "docs/javascripts/terminal.js", folder / "javascripts")
    for name in ("extra", "exercises"):
        shutil.copy(ROOT / f"docs/stylesheets/{name}.css", folder)
    styles = Path(material.__path__[0]) / "templates/assets/stylesheets"
    for name in ("main", "palette"):
        shutil.copy(next(styles.glob(f"{name}.*.min.css")), folder / f"{name}.css")
    return folder


@pytest.fixture
def visits(chromium, folder):
    with serve(folder) as address:
        visits = Visits(chromium, address)
        yield visits
        for context in visits.contexts:
            context.close()
    assert not visits.problems, "\n".join(visits.problems)


@pytest.fixture
def visit(visits):
    """Open the page with the machine `machine`."""

    def visit(machine="", **options):
        return visits(f"view.html?machine={machine}", **options)

    return visit


def run(page, number=0):
    page.get_by_role("button", name="Run these commands").nth(number).click()


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def type_line(page, line):
    page.keyboard.type(line)
    page.keyboard.press("Enter")


def wait_for(page, text):
    """Wait until the terminal ends with `text`."""
    script = f"(text) => ({SCREEN})().endsWith(text)"
    try:
        page.wait_for_function(script, arg=text)
    except Exception as error:
        raise AssertionError(f"not {text!r} but {page.evaluate(SCREEN)!r}") from error


def ran(page):
    return [line["line"] for line in page.evaluate("fakeMachine.ran")]


def focused(page):
    return page.evaluate(
        "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
    )


def test_only_blocks_that_can_run_have_a_button(visit):
    page = visit()
    assert page.locator(".run-button").count() == 4
    assert page.locator(".transcript:not([data-run]) button").count() == 0


def test_nothing_is_loaded_before_the_reader_comes_near(visit):
    page = visit()
    page.wait_for_load_state("networkidle")
    loaded = """() => performance.getEntriesByType("resource")
      .some(({name}) => name.includes("terminal/"))"""
    assert not page.evaluate(loaded)
    page.keyboard.press("Tab")
    page.wait_for_function("() => window.fakeMachine?.state === 'ready'")
    assert page.locator(".course-terminal").count() == 0


def test_run_opens_the_terminal_below_the_block_and_the_prompt_is_the_readers(visit):
    page = visit()
    run(page)
    wait_for(page, "$ python manage.py hello\nHello from Django!\n$")
    assert page.locator(".transcript + .course-terminal").count() == 1
    type_line(page, "python manage.py greet")
    wait_for(page, "$ python manage.py greet\nHello, Ada! 👋🏽 Grüße aus 東京\n$")


def test_a_block_runs_as_it_was_recorded_on_a_terminal_or_not(visit):
    page = visit()
    run(page)
    wait_for(page, "\n$")
    run(page, 1)
    wait_for(page, "go on:")
    assert [line["terminal"] for line in page.evaluate("fakeMachine.ran")] == [False, True]


def test_one_terminal_moves_to_the_block_that_ran_last_and_keeps_its_lines(visit):
    page = visit()
    run(page)
    wait_for(page, "\n$")
    run(page, 1)
    wait_for(page, "go on:")
    assert page.locator(".course-terminal").count() == 1
    assert page.locator("[data-terminal] + .course-terminal").count() == 1
    assert page.evaluate(SCREEN).startswith("$ python manage.py hello\nHello from Django!\n$")


def test_a_block_stops_after_the_command_that_fails(visit):
    page = visit()
    run(page, 2)
    wait_for(page, "Stopped here: exit code 1. The last command was not run.\n$")
    assert ran(page) == ["python manage.py hello", "python manage.py helo"]
    assert page.locator(".terminal-status").inner_text() == "Ready. Exit code 1"


def test_a_block_goes_on_after_a_command_that_is_to_fail(visit):
    page = visit()
    run(page, 3)
    page.wait_for_function("() => window.fakeMachine?.ran.length === 2")
    assert ran(page) == ["python manage.py helo", "width"]


def test_a_block_waits_for_the_command_that_runs(visit):
    page = visit()
    run(page)
    wait_for(page, "\n$")
    type_line(page, "sleep 60")
    run(page, 1)
    page.get_by_text("The block's commands come next").wait_for()
    page.keyboard.press("Control+c")
    wait_for(page, "go on:")


def test_a_question_is_answered_at_its_end(visit):
    page = visit()
    run(page, 1)
    wait_for(page, "go on:")
    page.get_by_text("Waiting for your answer").wait_for()
    type_line(page, "yes")
    wait_for(page, 'Type "yes" to go on: yes\nReset.\n$')


@pytest.mark.full
def test_a_password_is_not_shown(visit):
    page = visit()
    run(page)
    wait_for(page, "\n$")
    type_line(page, "passwd")
    wait_for(page, "Password:")
    type_line(page, "secret")
    wait_for(page, "Password:\n6 characters\n$")


@pytest.mark.full
def test_a_prompt_begins_a_line(visit):
    page = visit()
    run(page)
    wait_for(page, "\n$")
    type_line(page, "printf")
    wait_for(page, "no line end\n$")


def test_stop_interrupts_the_command(visit):
    page = visit()
    run(page)
    wait_for(page, "\n$")
    type_line(page, "sleep 60")
    page.get_by_text("Running…").wait_for()
    press(page, "Stop")
    wait_for(page, "^C\nStopped.\n$")


@pytest.mark.full
def test_a_long_line_is_drawn_anew_for_another_width(visit):
    page = visit(viewport={"width": 1280, "height": 800})
    run(page)
    wait_for(page, "\n$")
    line = "# " + "".join(f"word{number} " for number in range(60)) + "end"
    page.keyboard.type(line)
    for width in (500, 1280, 800):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_function(
            f"(line) => ({SCREEN})().replaceAll(/\\s/g, '').endsWith('Django!$' + line)",
            arg=line.replace(" ", ""),
        )
    type_line(page, "")
    wait_for(page, "\n$")
    assert ran(page)[-1] == line


@pytest.mark.full
def test_a_line_with_wide_characters_is_edited_where_the_cursor_stands(visit):
    page = visit()
    run(page)
    wait_for(page, "\n$")
    page.keyboard.insert_text("echo 東京👋")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Backspace")
    page.keyboard.type("x")
    wait_for(page, "$ echo 東x👋")


@pytest.mark.full
def test_pasted_lines_run_one_after_another(visit):
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    run(page)
    wait_for(page, "\n$")
    page.evaluate("navigator.clipboard.writeText('cd chapters/05\\npython manage.py hello\\nls')")
    page.keyboard.press("Control+v")
    wait_for(page, "chapters/05 $ python manage.py hello\nHello from Django!\nchapters/05 $ ls")


@pytest.mark.full
def test_ctrl_c_copies_what_is_selected_and_interrupts_nothing(visit):
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    run(page)
    wait_for(page, "\n$")
    box = page.locator(".xterm-rows > div", has_text="Hello from").bounding_box()
    page.mouse.dblclick(box["x"] + 20, box["y"] + 8)
    page.keyboard.press("Control+c")
    copied = "() => navigator.clipboard.readText().then((text) => text === 'Hello')"
    page.wait_for_function(copied)
    wait_for(page, "Hello from Django!\n$")


def test_start_types_its_line_and_opens_the_editor_when_that_has_worked(visit):
    page = visit()
    press(page, "Start exercise 05.1")
    page.locator(".exercise-bar + .course-terminal .course-editor").wait_for()
    assert page.locator(".file-title").inner_text() == "practice/hello.py"
    assert page.evaluate("fakeMachine.ran") == [
        {"line": "python manage.py hello", "terminal": True}
    ]


def test_start_opens_no_editor_when_its_line_has_failed(visit):
    page = visit()
    press(page, "Start exercise 05.2")
    page.get_by_text("Ready. Exit code 1").wait_for()
    wait_for(page, "\n$")
    assert page.locator(".course-editor").count() == 0


@pytest.mark.parametrize(
    ("exercise", "second"),
    [("05.1", "python manage.py helo --anyway"), ("05.2", "python manage.py hello")],
    ids=["refused at first", "shown at first"],
)
def test_who_asks_for_the_solution_twice_gets_it_anyway(visit, exercise, second):
    page = visit()
    press(page, f"Solution exercise {exercise}")
    wait_for(page, "\n$")
    press(page, f"Solution exercise {exercise}")
    page.wait_for_function("() => fakeMachine.ran.length === 2")
    assert ran(page) == [second.removesuffix(" --anyway"), second]


def test_the_keyboard_can_leave_the_terminal(visit):
    page = visit()
    run(page, 3)
    page.wait_for_function("() => window.fakeMachine?.ran.length === 2")
    wait_for(page, "\n$")
    assert focused(page) == "Terminal input"
    page.keyboard.press("Tab")
    assert focused(page) == "Terminal input"
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert focused(page) == "The end"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    assert focused(page) == "Close"


@pytest.mark.full
def test_the_buttons_are_one_stop_and_the_arrow_keys_go_along_them(visit):
    page = visit()
    run(page)
    wait_for(page, "\n$")
    page.get_by_role("button", name="Stop").focus()
    names = []
    for key in ("ArrowRight", "End", "ArrowRight", "ArrowLeft", "Home"):
        page.keyboard.press(key)
        names.append(focused(page))
    assert names == ["Clear", "Database", "Stop", "Database", "Stop"]
    page.keyboard.press("Tab")
    assert focused(page) == "Close"


@pytest.mark.full
def test_a_screen_reader_hears_the_first_lines_once_and_how_many_more(visit):
    page = visit()
    run(page)
    wait_for(page, "\n$")
    type_line(page, "lines 300")
    log = page.get_by_role("log")
    log.get_by_text("288 more lines.").wait_for()
    assert log.inner_text().count("line 5") == 1
    live = "[...document.querySelectorAll('.xterm [aria-live]')].map(({ariaLive}) => ariaLive)"
    assert page.evaluate(live) == ["off"]


@pytest.mark.full
@pytest.mark.parametrize("scheme", ["default", "slate"])
@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_the_terminal_breaks_no_rule_of_axe(visit, scheme, options):
    axe = find_package(AXE)
    if not axe:
        pytest.skip("needs npm's packages: run `npm ci` in tools/terminal")
    page = visit(**options)
    page.evaluate("(scheme) => (document.body.dataset.mdColorScheme = scheme)", scheme)
    run(page)
    wait_for(page, "\n$")
    page.evaluate("fakeMachine.notice('A chapter has changed.')")
    press(page, "Reset")
    page.evaluate(axe.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run('.course-terminal').then((result) => result.violations)")
    assert not found


@pytest.mark.full
def test_on_a_phone_40_columns_fit_and_keys_are_large(visit):
    page = visit(**PHONE)
    page.evaluate("document.querySelector('.transcript').dataset.run = '[\"width\"]'")
    run(page)
    wait_for(page, "\n$")
    assert focused(page) == "Terminal"
    assert 40 <= int(page.evaluate(SCREEN).split("\n")[1]) < 60
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.locator(".terminal-screen").tap()
    for button in page.locator(".course-terminal button:visible").all():
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= 44
    page.get_by_role("button", name="Up, the line before").tap()
    wait_for(page, "\n$ width")
    assert focused(page) == "Terminal input"


@pytest.mark.full
def test_a_finger_scrolls_the_terminal(visit):
    page = visit(**PHONE)
    run(page)
    wait_for(page, "\n$")
    page.locator(".terminal-screen").tap()
    type_line(page, "lines 80")
    wait_for(page, "line 80\n$")
    swipe(page, 150)
    page.wait_for_function(f"() => !({SCREEN})().includes('line 80')")


def swipe(page, distance):
    box = page.locator(".terminal-screen").bounding_box()
    session = page.context.new_cdp_session(page)
    x, y = box["x"] + 100, box["y"] + 20
    for step in range(12):
        kind = "touchMove" if step else "touchStart"
        points = [{"x": x, "y": y + distance * step / 11}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_what_fails_is_said_and_can_be_tried_again(visit):
    page = visit("fails")
    run(page)
    page.get_by_text("Python could not be loaded: the network is gone.").wait_for()
    press(page, "Try again")
    wait_for(page, "Hello from Django!\n$")


@pytest.mark.full
def test_a_terminal_in_another_tab_can_be_taken_over(visit):
    page = visit("elsewhere")
    run(page)
    page.get_by_text("The terminal is open in another tab.").wait_for()
    press(page, "Use it here")
    wait_for(page, "Hello from Django!\n$")


@pytest.mark.full
def test_a_notice_can_be_dismissed(visit):
    page = visit()
    run(page)
    wait_for(page, "\n$")
    page.evaluate("fakeMachine.notice('A chapter has changed.')")
    notice = page.get_by_role("status").get_by_text("A chapter has changed.")
    notice.wait_for()
    press(page, "Dismiss")
    notice.wait_for(state="detached")


@pytest.mark.full
def test_reset_asks_first(visit):
    page = visit()
    run(page)
    wait_for(page, "\n$")
    type_line(page, "cd chapters/05")
    wait_for(page, "chapters/05 $")
    press(page, "Reset")
    press(page, "Keep my changes")
    wait_for(page, "chapters/05 $")
    press(page, "Reset")
    press(page, "Put everything back")
    wait_for(page, "Every file and the database are as they came.\n$")


@pytest.mark.full
def test_close_leads_back_to_the_block_and_the_lines_stay(visit):
    page = visit()
    run(page)
    wait_for(page, "\n$")
    press(page, "Close")
    assert not page.locator(".course-terminal").is_visible()
    assert focused(page) == "Run these commands"
    run(page, 1)
    wait_for(page, "go on:")
    assert "Hello from Django!" in page.evaluate(SCREEN)


@pytest.mark.full
def test_a_build_that_is_gone_asks_for_a_reload(visits, visit):
    page = visit()
    page.route("**/assets/terminal/**", lambda route: route.fulfill(status=404))
    run(page)
    page.get_by_text("The course has been updated. Reload this page").wait_for()
    assert page.get_by_role("button", name="Reload").is_visible()
    page.unroute("**/assets/terminal/**")
    run(page)
    wait_for(page, "Hello from Django!\n$")
    visits.problems.clear()  # the answers 404


@pytest.mark.full
def test_without_a_network_the_page_says_so(visits, visit):
    page = visit()
    page.context.set_offline(True)
    run(page)
    page.get_by_text("You are offline.").wait_for()
    page.context.set_offline(False)
    run(page)
    wait_for(page, "Hello from Django!\n$")
    visits.problems.clear()  # the requests that failed


@pytest.mark.full
def test_a_page_opened_from_a_folder_says_how_to_get_the_terminal(visits, folder):
    page = visits("view.html", address=folder.as_uri() + "/")
    assert page.locator(".run-button").count() == 0
    footer = page.locator(".transcript > p").first
    assert "python3 start.py site" in footer.inner_text()


@pytest.mark.full
def test_the_cursor_does_not_blink(visit):
    page = visit(reduced_motion="reduce")
    run(page)
    wait_for(page, "\n$")
    assert page.locator(".xterm-cursor").count() == 1
    assert page.locator(".xterm-cursor-blink").count() == 0
