"""What a learner does in the terminal of the built site, with the real Python.

One browser and its storage serve all tests of this module: so Python is compiled once. Each test
begins without edits, and with the shop as it came.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from shared_project.chapters import ROOT
from tools.conftest import SCHEMES, Visits, switch_colors
from tools.site.libraries import TERMINAL
from tools.terminal.tests.test_terminal_machine import STOPPED
from tools.terminal.tests.test_terminal_view import SCREEN

pytestmark = pytest.mark.browser

AXE = TERMINAL / "node_modules/axe-core/axe.min.js"
CHAPTER = "chapters/05-errors.html"
STEP = "chapters/05/steps/1_first_draft.py"
ROWS = "chapters/05/errors/lookalikes.py"
PRODUCTS = "chapters/05/data/products.json"
IMPORT = f"python manage.py step 05/1 {PRODUCTS}"

FORGET = """async () => {
  for (const { name } of await indexedDB.databases()) {
    await new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase(name);
      request.onsuccess = resolve;
      request.onerror = request.onblocked = reject;
    });
  }
}"""
SERIOUS = """() => axe.run(".course-terminal, .block-button, .changed-note").then(
  ({violations}) => violations.filter(({impact}) => ["serious", "critical"].includes(impact))
    .flatMap(({id, nodes}) => nodes.map(({html}) => `${id}: ${html}`)))"""


class Learner:
    def __init__(self, page):
        self.page = page

    def open(self, path=CHAPTER):
        """Open a page, and the terminal with the page's first block."""
        self.page.goto(path)
        self.press("Run these commands")
        self.until_ready("")

    def press(self, name, **options):
        self.page.get_by_role("button", name=name, exact=True, **options).first.click()

    def type(self, line):
        self.page.get_by_label("Terminal input").focus()
        self.page.keyboard.type(line + "\n")

    def run(self, line):
        """Run a line, and return what the terminal shows below it."""
        self.press_clear()
        self.type(line)
        return self.until_ready(line)

    def press_clear(self):
        self.page.get_by_role("toolbar").get_by_role("button", name="Clear").click()
        # xterm.js draws what can be seen only.
        self.page.locator(".xterm-screen").scroll_into_view_if_needed()
        self.until("$")

    def until(self, text):
        """Wait until the terminal ends with `text`."""
        script = f"(text) => ({SCREEN})().endsWith(text)"
        try:
            self.page.wait_for_function(script, arg=text)
        except Exception as error:
            raise AssertionError(f"not {text!r} but {self.screen!r}") from error

    def until_ready(self, line):
        """Wait for the prompt below the `line`; return what is between them."""
        is_ready = f"""(line) => {{
          const shown = ({SCREEN})().replaceAll(/\\s/g, "");
          return document.querySelector(".course-terminal")?.dataset.state === "ready"
            && shown.includes(line.replaceAll(/\\s/g, "")) && shown.length > 1
            && shown.endsWith("$");
        }}"""
        try:
            self.page.wait_for_function(is_ready, arg=line)
        except Exception as error:
            raise AssertionError(f"{line!r} is not done: {self.screen!r}") from error
        return self.screen.removesuffix("\n$")

    @property
    def screen(self):
        return self.page.evaluate(SCREEN)

    @property
    def status(self):
        return self.page.locator(".terminal-status").inner_text()


@pytest.fixture(scope="module")
def visits(chromium, address):
    visits = Visits(chromium, address)
    yield visits
    for context in visits.contexts:
        context.close()


@pytest.fixture(scope="module")
def browser_page(visits):
    return visits("index.html", base_url=visits.address)


@pytest.fixture
def learner(visits, browser_page):
    browser_page.goto("index.html")
    browser_page.evaluate(FORGET)
    visits.problems.clear()
    yield Learner(browser_page)
    assert not visits.problems, "\n".join(visits.problems)


def test_an_edit_is_run_compared_and_put_back(learner):
    page = learner.page
    page.goto(CHAPTER)
    learner.press(f"Edit {STEP}")
    page.locator(".cm-focused .cm-line", has_text="import json").wait_for()
    page.keyboard.press("End")
    page.keyboard.type('\nprint("edited")')
    learner.press("Run these commands")
    assert "\nedited\n" in learner.until_ready("05/1")
    notes = page.get_by_text("You have changed this file.")
    assert notes.count() == page.locator(f"[data-path='{STEP}']").count() > 0
    learner.press("Compare")
    page.locator(".cm-changedLine", has_text="edited").wait_for()
    learner.press("Put back")
    learner.press("Put it back")
    notes.first.wait_for(state="detached")
    assert "edited" not in learner.run(IMPORT)


@pytest.mark.full
def test_edits_and_the_shop_stay_beyond_the_page(learner):
    learner.open()
    learner.run(f"echo '# mine' >> {ROWS}")
    assert "2 created, 2 updated" in learner.run(IMPORT)
    learner.page.reload()
    learner.open()
    assert "0 created, 0 updated, 5 unchanged" in learner.run(IMPORT)
    learner.open("chapters/01-hello.html")
    assert learner.run(f"tail -n 1 {ROWS}").endswith("\n# mine")


@pytest.mark.full
def test_git_takes_the_patch_from_the_page(learner, tmp_path):
    learner.open()
    learner.run(f"echo '# mine' >> {ROWS}; echo 'new, ä' > chapters/05/new.txt")
    learner.press("Files")
    with learner.page.expect_download() as download:
        learner.press("Download patch")
    for path in (ROWS, STEP):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    subprocess.run(
        ["git", "apply", "--whitespace=error", str(download.value.path())],
        cwd=tmp_path,
        env={"GIT_CEILING_DIRECTORIES": str(tmp_path.parent), "PATH": "/usr/bin:/bin"},
        check=True,
    )
    original = (ROOT / ROWS).read_text(encoding="utf-8")
    assert (tmp_path / ROWS).read_text(encoding="utf-8") == f"{original}# mine\n"
    assert (tmp_path / "chapters/05/new.txt").read_text(encoding="utf-8") == "new, ä\n"
    assert (tmp_path / STEP).read_bytes() == (ROOT / STEP).read_bytes()


def test_the_database_panel_marks_what_an_import_changed(learner):
    learner.open("chapters/01-hello.html")
    learner.press("Database")
    learner.page.get_by_role("button", name="shop_product").click()
    learner.run(IMPORT)
    learner.page.get_by_text("shop_product: 2 rows added, 2 rows changed.").wait_for()
    rows = learner.page.locator(".database-table tbody")
    assert "Solar Lantern" in rows.locator(".row-added").first.inner_text()
    changed = rows.locator(".cell-changed").all_inner_texts()
    assert changed[0] == "Kitchen was Books"
    assert len(changed) == 2


@pytest.mark.full
def test_no_text_becomes_html(learner):
    page, text = learner.page, "<img src=x onerror=document.title=1>"
    learner.open()
    create = f"Product.objects.create(name='{text}', price=1, category='x').name"
    assert text in learner.run(f'python manage.py shell -v 0 -c "print({create})"')
    learner.run(f"echo '{text}' > chapters/05/page.html")
    learner.press("Database")
    page.get_by_role("button", name="shop_product").click()
    page.locator(".database-table").get_by_text(text).wait_for()
    learner.press("Files")
    page.locator(".changed-files button").click()
    page.locator(".cm-content", has_text=text).wait_for()
    assert page.locator(".course-terminal img").count() == 0
    assert page.title() != "1"


@pytest.mark.full
def test_a_password_is_asked_for_and_stays_hidden(learner):
    learner.open()
    learner.press_clear()
    learner.type("python manage.py createsuperuser --username boss --email boss@example.com")
    for prompt in ("Password:", "Password (again):"):
        learner.until(f"\n{prompt}")
        assert learner.status == "Waiting for your answer, which stays hidden"
        learner.type("correct horse")
    learner.until("\nSuperuser created successfully.\n$")
    assert "horse" not in learner.screen
    check = "User.objects.get(username='boss').check_password"
    shown = learner.run(
        f"""python manage.py shell -v 0 -c "print({check}('correct horse'), {check}('no'))" """
    )
    assert shown.endswith("\nTrue False")


@pytest.mark.parametrize("line", ["python -c 'while True: pass'", "sleep 60"])
def test_ctrl_c_ends_a_command_and_not_its_worker(learner, line):
    learner.open()
    learner.type(line)
    learner.page.get_by_text("Running…").wait_for()
    learner.page.wait_for_timeout(300)
    learner.page.keyboard.press("Control+c")
    learner.page.get_by_text("Ready. Exit code 130").wait_for()
    assert STOPPED not in learner.screen
    assert learner.run("echo $?").endswith("\n130")


@pytest.mark.full
def test_tab_completes_commands_files_and_options(learner):
    learner.open()
    learner.press_clear()
    learner.page.get_by_label("Terminal input").focus()
    keyboard = learner.page.keyboard
    whole = "$ python manage.py import_products"
    for typed, shown in [
        ("python manage.py imp", whole),
        ("chapters/05/data/p", f"{whole} {PRODUCTS}"),
        ("--d", f"{whole} {PRODUCTS} --dry-run"),
    ]:
        keyboard.type(typed)
        keyboard.press("Tab")
        learner.until(shown)
    keyboard.press("Enter")
    learner.until("\nWould import 5 products: 0 created, 0 updated, 5 unchanged.\n$")


def test_a_page_where_nothing_is_run_asks_for_nothing(visit):
    page = visit("index.html")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for path in (CHAPTER, "files/05.html"):
        page.goto(page.url.rsplit("/", 1)[0].removesuffix("/chapters") + f"/{path}")
        page.locator(".block-button").last.scroll_into_view_if_needed()
        page.wait_for_load_state("networkidle")
    assert asked
    assert not [url for url in asked if "assets/terminal/" in url]


def test_without_javascript_no_button_promises_anything(visit):
    page = visit(CHAPTER, java_script_enabled=False)
    assert page.locator(".block-button, .course-terminal").count() == 0
    assert page.get_by_text(IMPORT).first.is_visible()
    assert page.locator(f"[data-path='{STEP}'] pre").first.is_visible()


@pytest.mark.full
def test_the_terminal_and_its_panels_break_no_rule_of_axe(learner):
    if not AXE.exists():
        pytest.skip("needs npm's packages: run `npm ci` in tools/terminal")
    page = learner.page
    learner.open()
    learner.press("Database")
    add = "Product.objects.create(name='Globe', price=1, category='Toys')"
    learner.run(f'python manage.py shell -v 0 -c "{add}"')
    page.get_by_text("1 row added").wait_for()
    learner.press(f"Edit {STEP}")
    page.locator(".cm-focused .cm-line", has_text="import json").wait_for()
    page.keyboard.type("# mine\n")
    page.get_by_text("You have changed this file.").first.wait_for()
    learner.press("Compare")
    page.locator(".cm-changedLine").first.wait_for()
    page.evaluate(Path(AXE).read_text(encoding="utf-8"))
    for scheme in SCHEMES:
        switch_colors(page, scheme)
        assert page.evaluate(SERIOUS) == []
