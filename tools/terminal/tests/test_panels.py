"""The panels beside the page's terminal, files and database, in a browser without Python."""

import io
import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from shared_project.chapters import ROOT
from tools.conftest import NO_TOOLS, Visits
from tools.site.libraries import TERMINAL
from tools.site.tests.serving import serve

pytestmark = pytest.mark.browser

ROWS = "chapters/05/errors/lookalikes.py"
FILES = [ROWS, "chapters/05/data/products.json", "chapters/05/errors/report.py", "manage.py"]
WINDOWS = {
    "desktop": {"width": 1280, "height": 800},
    "phone": {"width": 390, "height": 844},
    "zoomed": {"width": 640, "height": 400},
}
BUNDLES = {
    "codemirror.mjs": TERMINAL / "packing/codemirror.entry.mjs",
    "diff.mjs": "diff/libesm/patch/create.js",
    "fflate.mjs": "fflate/esm/browser.js",
}
ESBUILD = ["--bundle", "--minify", "--format=esm", "--target=es2022", "--log-level=error"]
# The texts whose color is too near to what is behind them, and their contrast.
FAINT = """
(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const luminance = (pixel) => {
    const [r, g, b] = [...pixel].map((value) =>
      value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paint = (color) => {
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return luminance(canvas.getImageData(0, 0, 1, 1).data);
  };
  const faint = new Set();
  const texts = document.createTreeWalker(document.querySelector("#panel"), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility()) continue;
    const backgrounds = [];
    for (let one = element; one; one = one.parentElement)
      backgrounds.unshift(getComputedStyle(one).backgroundColor);
    const [behind] = ["#fff", ...backgrounds].map(paint).slice(-1);
    const letters = paint(getComputedStyle(element).color);
    const [low, high] = [letters, behind].sort((a, b) => a - b);
    const contrast = (high + 0.05) / (low + 0.05);
    if (contrast < 4.5)
      faint.add(`${element.className} ${texts.currentNode.data}: ${contrast.toFixed(2)}`);
  }
  return [...faint];
})()
"""


def find_packages():
    """Return the folder of npm's packages: what NODE_PATH names, or that of the site."""
    for folder in [
        *map(Path, os.environ.get("NODE_PATH", "").split(":")),
        TERMINAL / "node_modules",
    ]:
        if all((folder / name).exists() for name in ("esbuild", "@codemirror", "diff", "fflate")):
            return folder
    return None


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A page with the panels, and all that it needs."""
    packages = find_packages()
    if not packages:
        pytest.skip("needs npm's packages: run `npm ci` in tools/terminal")
    material = pytest.importorskip("material", reason=NO_TOOLS)
    folder = tmp_path_factory.mktemp("panels")
    build = folder / "build"
    for name in ("panels", "shell", "view", "tests"):
        shutil.copytree(TERMINAL / name, build / name)
    shutil.copy(TERMINAL / "course.mjs", build)
    for source, name in BUNDLES.items():
        subprocess.run(
            [
                packages / ".bin/esbuild",
                packages / name,
                *ESBUILD,
                f"--outfile={build / 'vendor' / source}",
            ],
            env={**os.environ, "NODE_PATH": str(packages)},
            check=True,
        )
    shutil.copy(TERMINAL / "tests/panels.html", folder)
    shutil.copy(ROOT / "docs/stylesheets/extra.css", folder)
    styles = Path(material.__path__[0]) / "templates/assets/stylesheets"
    for name in ("main", "palette"):
        shutil.copy(next(styles.glob(f"{name}.*.min.css")), folder / f"{name}.css")
    texts = {path: (ROOT / path).read_text(encoding="utf-8") for path in FILES}
    texts["windows.csv"] = "a;b\r\n1;2\r\n"
    (folder / "files.json").write_text(json.dumps(texts), encoding="utf-8")
    return folder


@pytest.fixture
def visit(chromium, folder):
    with serve(folder) as address:
        visit = Visits(chromium, address)
        yield visit
        for context in visit.contexts:
            context.close()
    assert not visit.problems, "\n".join(visit.problems)


@pytest.fixture
def files(visit):
    """Open the files, and wait for the text of `path`."""

    def files(path=ROWS, **options):
        page = visit("panels.html", **options)
        page.evaluate("(path) => window.files({ path })", path)
        page.locator(".cm-content").wait_for()
        return page

    return files


@pytest.fixture
def database(visit):
    def database(**options):
        page = visit("panels.html", **options)
        page.evaluate("database()")
        page.locator("caption").wait_for()
        return page

    return database


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def written(page, count):
    """Wait until the machine has been given `count` texts, and return the last one."""
    page.wait_for_function("(count) => machine.written.length >= count", arg=count)
    texts = page.evaluate("machine.written")
    assert len(texts) == count
    return texts[-1]


def content(page):
    return page.locator(".cm-content")


def test_what_is_typed_is_saved_after_a_pause_and_marked(files):
    page = files()
    content(page).press("Control+Home")
    page.keyboard.insert_text("# mine")
    path, text = written(page, 1)
    assert (path, text.split("\n")[0][:6]) == (ROWS, "# mine")
    page.get_by_text("Files (1 changed)").wait_for()
    assert page.locator(".file-title + .file-mark").text_content() == "changed"
    assert page.locator(".changed-files li").all_text_contents() == [f"{ROWS} changed"]


@pytest.mark.full
@pytest.mark.parametrize(
    "leave",
    ["document.activeElement.blur()", "panel.close()", "dispatchEvent(new Event('pagehide'))"],
)
def test_what_is_typed_is_saved_at_once_when_the_reader_leaves(files, leave):
    page = files()
    content(page).press("Control+Home")
    saved = page.evaluate(
        f"""() => {{
          document.execCommand("insertText", false, "x");
          return new Promise((done) => setTimeout(done, 50)).then(() => {{
            {leave};
            return machine.written.length;
          }});
        }}"""
    )
    assert saved == 1


@pytest.mark.full
def test_tab_indents_and_leaves_after_escape(files):
    page = files("manage.py")
    content(page).press("Control+Home")
    content(page).press("Tab")
    assert written(page, 1)[1].startswith("    #!")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.closest('.cm-editor')")
    assert page.get_by_text("Escape, then Tab leaves the text").is_visible()


def test_a_symbol_is_brought_into_sight(visit):
    page = visit("panels.html")
    page.evaluate(f"files({{ path: '{ROWS}', symbol: 'find_lookalikes', line: 1 }})")
    page.locator(".cm-line", has_text="def find_lookalikes").wait_for()
    assert page.locator(".cm-activeLineGutter").text_content() != "1"


@pytest.mark.full
def test_a_file_that_a_command_wrote_is_shown_as_it_is_now(files):
    page = files("manage.py")
    page.evaluate("machine.command({ 'manage.py': 'other\\n', 'new.txt': 'x' })")
    page.locator(".changed-files", has_text="new.txt new").wait_for()
    assert content(page).inner_text().strip() == "other"
    page.evaluate("machine.command({ 'manage.py': null })")
    page.get_by_text("This file is deleted").wait_for()
    assert not content(page).is_visible()
    press(page, "Put back")
    press(page, "Put it back")
    page.locator(".cm-line", has_text="main()").first.wait_for()


@pytest.mark.full
def test_what_is_typed_wins_over_what_a_command_wrote(files):
    page = files("manage.py")
    content(page).press("Control+Home")
    page.evaluate(
        """() => {
          document.execCommand("insertText", false, "typed");
          return new Promise((done) => setTimeout(done, 20)).then(() => {
            machine.set("manage.py", "other");
            machine.dispatchEvent(new Event("files"));
          });
        }"""
    )
    assert written(page, 1)[1].startswith("typed")
    assert content(page).inner_text().startswith("typed")


@pytest.mark.full
def test_an_old_look_at_the_disk_does_not_take_back_what_was_typed(files):
    page = files("manage.py")
    page.evaluate(
        """() => {
          const { changes } = machine;
          machine.changes = async () => {
            await new Promise((done) => setTimeout(done, 1500));
            return changes.call(machine);
          };
          machine.dispatchEvent(new Event("files"));
        }"""
    )
    content(page).press("Control+Home")
    page.keyboard.insert_text("typed")
    for _ in range(20):
        page.wait_for_timeout(100)
        assert content(page).inner_text().startswith("typed")


@pytest.mark.full
def test_line_ends_stay(files):
    page = files("windows.csv")
    content(page).press("Control+End")
    page.keyboard.insert_text("3;4\n")
    assert written(page, 1)[1] == "a;b\r\n1;2\r\n3;4\r\n"


def test_compare_shows_what_is_gone_and_each_change_goes_back_alone(files):
    page = files("manage.py")
    assert page.get_by_role("button", name="Compare").is_disabled()
    page.evaluate("machine.command({ 'manage.py': machine.files.get('manage.py') + 'x = 1\\n' })")
    press(page, "Compare")
    page.locator(".cm-changedLine", has_text="x = 1").wait_for()
    page.locator(".put-chunk-back").click()
    assert written(page, 1) == ["manage.py", page.evaluate("machine.originals.get('manage.py')")]


def test_a_file_goes_back_after_one_question(files):
    page = files("manage.py")
    page.evaluate("machine.command({ 'manage.py': 'other\\n' })")
    press(page, "Put back")
    assert page.get_by_role("button", name="Put it back").evaluate("(it) => it.matches(':focus')")
    page.keyboard.press("Escape")
    assert page.get_by_role("button", name="Put back").evaluate("(it) => it.matches(':focus')")
    assert page.evaluate("machine.written") == []
    press(page, "Put back")
    press(page, "Put it back")
    assert written(page, 1) == ["manage.py", None]
    page.get_by_text("No file is changed").wait_for()
    assert "main()" in content(page).inner_text()


@pytest.mark.full
def test_all_files_go_back_and_new_ones_are_deleted(files):
    page = files("manage.py")
    page.evaluate("machine.command({ 'manage.py': 'other\\n', 'new.txt': 'x' })")
    press(page, "Put all files back")
    page.get_by_text("Put 2 files back as they came?").wait_for()
    press(page, "Put all back")
    page.get_by_text("No file is changed").wait_for()
    assert not page.evaluate("machine.files.has('new.txt')")
    assert "main()" in content(page).inner_text()


@pytest.mark.full
def test_changes_are_downloaded_as_a_patch_and_as_a_zip(files):
    page = files("manage.py")
    content(page).press("Control+End")
    page.keyboard.insert_text("x = 1")
    written(page, 1)
    with page.expect_download() as patch:
        press(page, "Download patch")
    text = Path(patch.value.path()).read_text(encoding="utf-8")
    assert patch.value.suggested_filename == "changes.patch"
    assert text.startswith("diff --git a/manage.py b/manage.py\n--- a/manage.py\n")
    assert "\n+x = 1\n" in text
    with page.expect_download() as archive:
        press(page, "Download zip")
    with zipfile.ZipFile(io.BytesIO(Path(archive.value.path()).read_bytes())) as files:
        assert sorted(files.namelist()) == ["changes.patch", "manage.py"]
        assert files.read("manage.py").endswith(b"x = 1")
        assert files.read("changes.patch").decode() == text


@pytest.mark.full
def test_a_text_that_could_not_be_saved_is_saved_after_the_next_command(files):
    page = files("manage.py")
    page.evaluate("machine.failing = 'The disk is full.'")
    content(page).press("Control+End")
    page.keyboard.insert_text("x")
    page.get_by_text("manage.py is not saved: The disk is full.").wait_for()
    page.evaluate("machine.failing = null; machine.command()")
    assert written(page, 1)[1].endswith("x")
    assert page.get_by_text("is not saved").count() == 0


@pytest.mark.full
def test_files_that_cannot_be_listed_are_listed_when_the_machine_is_ready(visit):
    page = visit("panels.html")
    page.evaluate("files().then(() => { machine.failing = 'It is open in another tab.'; })")
    page.evaluate("machine.dispatchEvent(new Event('files'))")
    page.get_by_text("The files could not be read: It is open in another tab.").wait_for()
    page.evaluate("machine.failing = null; machine.become('ready')")
    page.locator(".all-files", has_text="manage.py").wait_for()
    assert page.get_by_text("could not be read").count() == 0


@pytest.mark.full
def test_an_editor_that_could_not_be_loaded_is_loaded_on_the_next_attempt(visit):
    page = visit("panels.html")
    page.route("**/codemirror.mjs", lambda route: route.abort())
    page.evaluate(f"files({{ path: '{ROWS}' }})")
    page.get_by_text("The editor could not be loaded. Are you offline?").wait_for()
    visit.problems.clear()
    page.unroute("**/codemirror.mjs")
    press(page, "Try again")
    page.locator(".cm-content").wait_for()


@pytest.mark.full
def test_a_file_is_found_by_a_part_of_its_name(files):
    page = files("manage.py")
    page.get_by_label("Find a file").fill("REPORT")
    assert page.locator(".all-files li").all_text_contents() == ["chapters/05/errors/report.py"]
    page.locator(".all-files li button").click()
    page.locator(".cm-line", has_text="class ErrorReport").wait_for()
    page.get_by_label("Find a file").fill("nowhere")
    page.get_by_text("No file has this in its name.").wait_for()


CHANGED = """
machine.command({}, [log, product([["4", "New", "2.00", "x"],
  ["3", "Classic Novel", "10.99", null], ["1", "<b>Ink</b>", "3.00", "office"]])])
"""


def rows(page):
    return page.locator("tbody tr").all_text_contents()


def test_values_are_shown_as_text(database):
    page = database()
    assert page.locator("tbody b").count() == 0
    assert rows(page)[0] == "3Classic Novel9.99NULL"
    assert rows(page)[1].endswith("…1.50empty")
    assert page.locator("tbody [title]").get_attribute("title").endswith("cell of a table")
    assert page.get_by_role("columnheader").all_text_contents() == [
        *("id", "name", "price", "category")
    ]


def test_what_a_command_changed_is_marked_until_the_next_one(database):
    page = database()
    page.evaluate(CHANGED)
    page.get_by_text("shop_product: 1 row added, 1 row removed, 1 row changed.").wait_for()
    assert [row[:9] for row in rows(page)] == ["removed2A", "added4New", "changed3C", "1<b>Ink</"]
    assert page.locator(".cell-changed").all_text_contents() == ["10.99 was 9.99"]
    assert page.locator(".table-list").text_content().endswith("3+1 \N{MINUS SIGN}1, 1 changed")
    page.evaluate("machine.command()")
    page.get_by_text("The last command changed nothing in these tables.").wait_for()
    assert rows(page)[0] == "4New2.00x"


@pytest.mark.full
def test_the_focus_and_the_place_stay(database):
    page = database(viewport=WINDOWS["phone"])
    region = page.get_by_role("region", name="shop_product: 3 rows")
    region.focus()
    region.evaluate("(it) => it.scrollTo(60, 0)")
    page.evaluate(CHANGED)
    page.get_by_text("1 row added").wait_for()
    assert region.evaluate("(it) => [it.matches(':focus'), it.scrollLeft]") == [True, 60]
    choose = page.get_by_role("button", name="shop_auditlog")
    choose.click()
    page.evaluate("machine.command({}, [log])")
    page.get_by_text("changed nothing").wait_for()
    assert choose.evaluate("(it) => it.matches(':focus')")
    assert page.locator("caption").text_content() == "shop_auditlog: no rows"


@pytest.mark.full
def test_a_database_that_cannot_be_read_is_a_sentence(database):
    page = database()
    page.evaluate("machine.failing = 'It is locked.'; machine.command()")
    page.get_by_text("The database could not be read: It is locked.").wait_for()
    page.evaluate("machine.failing = null; machine.become('ready')")
    page.get_by_text("changed nothing").wait_for()
    page.evaluate("machine.command({}, [])")
    page.get_by_text("The database has no tables yet.").wait_for()


@pytest.mark.full
def test_a_closed_panel_asks_nothing(database):
    page = database()
    page.evaluate("panel.close(); machine.tables = () => { throw new Error('asked'); }; 0")
    page.evaluate("machine.command()")
    assert page.locator("#panel").inner_html() == ""


@pytest.mark.full
@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("scheme", ["default", "slate"])
@pytest.mark.parametrize("panel", ["files", "database"])
def test_a_panel_fits_its_window_and_can_be_read(visit, panel, scheme, window):
    page = visit("panels.html", viewport=WINDOWS[window], reduced_motion="reduce")
    page.evaluate(f"document.body.dataset.mdColorScheme = '{scheme}'")
    if panel == "files":
        page.evaluate(f"files({{ path: '{ROWS}' }})")
        page.locator(".cm-content").wait_for()
        new = "# new\\n@x(1, None)\\n"
        page.evaluate(
            f"machine.command({{ '{ROWS}': '{new}' + machine.files.get('{ROWS}')"
            ".replace('import', 'imports'), 'manage.py': null, 'new.txt': '' })"
        )
        page.get_by_text("Files (3 changed)").wait_for()
        press(page, "Compare")
        page.locator(".cm-deletedLine").first.wait_for()
        press(page, "Put back")
        content(page).press("Control+f")
        page.locator(".cm-search").wait_for()
        page.evaluate("document.querySelector('.file-list').open = true")
    else:
        page.evaluate("database()")
        page.evaluate(CHANGED)
        page.get_by_text("1 row added").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(FAINT) == []
