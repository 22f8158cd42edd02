import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared_project.chapters import ROOT
from tools.site import sources
from tools.site.libraries import TERMINAL, find
from tools.site.tests.firefox import Firefox
from tools.site.tests.policy import policy
from tools.site.tests.serving import find_chromium, find_firefox, serve

NO_TOOLS = "needs contributors' tools: pip install -r requirements-dev.txt"
WAIT = 120_000  # ms; a busy machine
DESKTOP = {"width": 1280, "height": 800}
SCHEMES = {"light": "default", "dark": "slate"}
FADED = """() => Promise.allSettled(document.getAnimations()
  .filter((one) => one instanceof CSSTransition).map(({finished}) => finished))"""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Begin with the longest test: started last, it would keep one process busy on its own."""
    items.sort(key=lambda item: not item.nodeid.endswith("[README.md]"))


def build_site(folder):
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    # As it is typed: this program finds the project only where it is installed.
    mkdocs = Path(sys.executable).with_name("mkdocs")
    for command in (
        [sys.executable, "-m", "tools.site"],
        [mkdocs, "build", "--strict", "--site-dir", folder],
    ):
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(autouse=True, scope="session")
def file_pages(tmp_path_factory):
    """The pages that code on a page links to; a fresh checkout does not have them."""
    folder = tmp_path_factory.mktemp("files")
    sources.write_pages(folder=folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "PAGES", folder)
        yield folder


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the built site. It is built once, however many processes run the tests.

    The variable BUILT_SITE names the folder of one that is built already.
    """
    if built := os.environ.get("BUILT_SITE"):
        return Path(built)
    filelock = pytest.importorskip("filelock", reason=NO_TOOLS)
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with filelock.FileLock(folder / "site.lock"):
        if not (folder / "site").exists():
            build_site(folder / "building")
            (folder / "building").rename(folder / "site")
    return folder / "site"


@pytest.fixture(scope="session")
def address(site):
    with serve(site, policy(site)) as address:
        yield address


@pytest.fixture(scope="module")
def chromium():
    """Chromium, for the tests of one module.

    Not for longer: while Playwright's event loop lives, Django refuses to touch the database.
    """
    sync_api = pytest.importorskip("playwright.sync_api", reason=NO_TOOLS)
    path = find_chromium()
    if not path:
        pytest.skip("needs Chromium: install it, or name it in the variable CHROMIUM")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def firefox():
    """Firefox, for the tests of one module that look at what may differ between browsers."""
    node, path = find("node"), find_firefox()
    if not node or not (TERMINAL / "node_modules/puppeteer-core").is_dir():
        pytest.skip("needs Node.js and npm's packages: run `npm ci` in tools/terminal")
    if not path:
        pytest.skip("needs Firefox: install it, or name it in the variable FIREFOX")
    browser = Firefox(node, path)
    yield browser
    browser.close()


def switch_colors(page, scheme):
    """Show a page in the colors of the system's `scheme`, and wait until none fades any more."""
    page.emulate_media(color_scheme=scheme)
    page.locator(f"body[data-md-color-scheme={SCHEMES[scheme]}]").wait_for()
    page.evaluate(FADED)


class Visits:
    """Open pages of the site, and note what no page may do: `problems`."""

    def __init__(self, browser, address):
        self.browser = browser
        self.address = address
        self.contexts = []
        self.problems = []

    def __call__(self, path, viewport=DESKTOP, scheme="light", address=None, **options):
        """Open the page at `path` and return it. `options` are those of Playwright's contexts."""
        address = address or self.address
        context = self.browser.new_context(viewport=viewport, color_scheme=scheme, **options)
        context.set_default_timeout(WAIT)
        self.contexts.append(context)

        def request(request):
            if not request.url.startswith((address, "data:", "blob:")):
                self.problems.append(f"{path}: requests {request.url}")

        def console(message):
            if message.type in ("error", "warning"):
                self.problems.append(f"{path}: {message.type} on the console: {message.text}")

        context.on("request", request)
        context.on("console", console)
        context.on("weberror", lambda error: self.problems.append(f"{path}: {error.error}"))
        page = context.new_page()
        page.goto(address + path)
        return page


@pytest.fixture
def visit(chromium, address):
    """Open a page. Afterwards no page has written an error or asked another host."""
    visit = Visits(chromium, address)
    yield visit
    for context in visit.contexts:
        context.close()
    assert not visit.problems, "\n".join(visit.problems)
