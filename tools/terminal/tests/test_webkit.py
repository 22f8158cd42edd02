"""The terminal in WebKit, the engine of Safari: it cannot suspend WebAssembly (JSPI)."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tools.conftest import NO_TOOLS, WAIT
from tools.terminal.tests.test_exercises_page import HELLO, PRINTS, WRITES
from tools.terminal.tests.test_terminal_view import SCREEN

pytestmark = [
    pytest.mark.browser,
    pytest.mark.full,
    # Selenium warns of what it does itself.
    pytest.mark.filterwarnings("ignore:setting remote_server_addr:DeprecationWarning"),
]

# Debian's package webkit2gtk-driver brings both.
DRIVER = "WebKitWebDriver"
BROWSERS = Path("/usr/lib").glob("*/webkit2gtk-4.1/MiniBrowser")
END, ENTER = "\ue010", "\ue007"  # as WebDriver calls the keys
CODES = {"ArrowDown": "\ue015", "Delete": "\ue017", "End": END, "Enter": ENTER, "Home": "\ue011"}
CHAPTER = "chapters/05-errors.html"
STEP = "chapters/05/steps/1_first_draft.py"


@pytest.fixture(scope="module")
def display():
    """The variables of the environment for programs that draw on a screen that nobody sees."""
    if not shutil.which("Xvfb"):
        pytest.skip("needs a virtual screen: install xvfb")
    reader, writer = os.pipe()
    screen = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x900x24", "-nolisten", "tcp"],
        pass_fds=[writer],
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    with os.fdopen(reader) as number:
        name = number.readline().strip()
    yield {"DISPLAY": f":{name}", "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"}
    screen.terminate()
    screen.wait()


@pytest.fixture(scope="module")
def webkit(display):
    webdriver = pytest.importorskip("selenium.webdriver", reason=NO_TOOLS)
    driver, browser = shutil.which(DRIVER), next(BROWSERS, None)
    if not driver or not browser:
        pytest.skip("needs WebKit: install webkit2gtk-driver")
    options = webdriver.WebKitGTKOptions()
    options.binary_location = str(browser)
    options.add_argument("--automation")
    service = webdriver.WebKitGTKService(driver, env={**os.environ, **display})
    with webdriver.WebKitGTK(options=options, service=service) as browser:
        browser.set_script_timeout(WAIT / 1000)
        yield browser


class Learner:
    def __init__(self, browser):
        self.browser = browser

    def until(self, script, *arguments):
        """Wait until the function `script` returns what is true; return it."""
        wait = f"""const done = arguments[arguments.length - 1];
          const given = [...arguments].slice(0, -1);
          const ask = () => {{
            const value = ({script})(...given);
            if (value) done(value); else setTimeout(ask, 50);
          }};
          ask();"""
        return self.browser.execute_async_script(wait, *arguments)

    def press(self, name):
        found = """(name) => [...document.querySelectorAll("button")].find(
          (one) => [one.textContent, one.title, one.ariaLabel].includes(name))"""
        self.browser.execute_script("arguments[0].click()", self.until(found, name))

    def keys(self, *keys):
        from selenium.webdriver import ActionChains

        ActionChains(self.browser).send_keys(*keys).perform()

    def type(self, line):
        self.browser.execute_script("document.querySelector('.xterm-helper-textarea').focus()")
        self.keys(f"{line}\n")

    def shows(self, text):
        return self.until(f"(text) => ({SCREEN})().includes(text)", text)

    def until_ready(self):
        """Wait for the prompt, and return what is on the screen."""
        state = "document.querySelector('.course-terminal')?.dataset.state"
        return self.until(
            f"() => {state} === 'ready' && ({SCREEN})().endsWith('$') && ({SCREEN})()"
        )


@pytest.fixture
def learner(webkit, address):
    """Return a function that opens a page, and returns the learner who reads it."""

    def learner(path):
        webkit.get(f"{address}{path}")
        return Learner(webkit)

    return learner


def test_what_a_learner_does_works_in_webkit(learner):
    learner = learner(CHAPTER)
    assert not learner.browser.execute_script("return 'Suspending' in WebAssembly")
    learner.press("Run these commands")
    assert "Imported 5 products" in learner.until_ready()

    learner.type('python -c \'print("Hello,", input("Name? "))\'')
    learner.shows("Name?")
    learner.type("Ada")
    learner.shows("Hello, Ada")
    learner.until_ready()

    learner.type("python -c 'while True: pass'")
    learner.until("() => document.querySelector('.course-terminal').dataset.state === 'running'")
    learner.press("Stop")
    learner.until_ready()
    learner.type("echo code $?")
    learner.shows("code 130")

    learner.press(f"Edit {STEP}")
    learner.until("() => document.querySelector('.cm-focused')")
    learner.keys(END, ENTER, 'print("edited")')
    learner.browser.execute_script("document.activeElement.blur()")
    learner.press("Run these commands")
    learner.shows("edited")
    learner.until_ready()

    learner.type("pytest chapters/01")
    learner.shows("passed")
    learner.until_ready()


def test_what_hashes_a_password_says_that_this_browser_cannot(learner):
    learner = learner(CHAPTER)
    learner.press("Run these commands")
    learner.until_ready()
    learner.type("python manage.py createsuperuser --username boss --email boss@example.com")
    for prompt in ("Password:", "Password (again):"):
        learner.shows(prompt)
        learner.type("correct horse")
    learner.shows("This browser cannot wait for a key")


def test_an_exercise_is_solved_in_webkit(learner):
    learner = learner(HELLO)
    learner.browser.execute_script("document.querySelector('details.exercise').open = true")
    learner.press("Start exercise 01.1")
    for keys, held in ((PRINTS, 3), (WRITES, 4)):
        learner.until("() => document.querySelector('.cm-content')")
        learner.browser.execute_script("document.querySelector('.cm-content').focus()")
        learner.keys(*(CODES.get(key, key) for key in keys))
        learner.browser.execute_script("document.activeElement.blur()")
        learner.press("Check exercise 01.1")
        learner.until(f"() => document.querySelectorAll('.holds').length === {held}")
    learner.browser.refresh()
    learner.until("() => document.querySelectorAll('.solved, .holds').length === 5")
