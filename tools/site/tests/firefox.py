"""Firefox for the tests of the terminal, with the part of Playwright's interface that they use."""

import json
import subprocess
import time

from tools.site.libraries import TERMINAL

PATIENCE = 60  # seconds; a busy machine


class FirefoxError(Exception):
    """What was asked of the browser, or of a page in it, has failed."""


class Firefox:
    """A running Firefox. Raises FirefoxError where it does not start."""

    def __init__(self, node, executable):
        self.process = subprocess.Popen(
            [node, TERMINAL / "tests/firefox.mjs", executable],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        self.version = self._answer()

    def ask(self, order, **details):
        self.process.stdin.write(json.dumps({"order": order, **details}) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise FirefoxError("Firefox has ended.")
        answer = json.loads(line)
        if "error" in answer:
            raise FirefoxError(answer["error"])
        return answer["value"]

    def new_context(self):
        return Context(self)

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()


class Context:
    """A storage of its own, and the pages that use it."""

    def __init__(self, browser):
        self.browser = browser
        self.number = browser.ask("newContext")
        self.pages = []

    def new_page(self):
        page = Page(self.browser, self.browser.ask("newPage", context=self.number))
        self.pages.append(page)
        return page

    def close(self):
        """Close the pages; none may have had an error or asked another host."""
        problems = [problem for page in self.pages for problem in page.ask("problems")]
        self.browser.ask("closeContext", context=self.number)
        assert not problems, "\n".join(problems)


class Page:
    def __init__(self, browser, number):
        self.browser = browser
        self.number = number

    def ask(self, order, **details):
        return self.browser.ask(order, page=self.number, **details)

    def goto(self, address):
        self.ask("goto", address=address)

    def reload(self):
        self.ask("reload")

    def evaluate(self, text, argument=None):
        return self.ask("evaluate", text=text, argument=argument)

    def wait_for_function(self, text, arg=None):
        """Wait until the function `text` returns what is true. Raises FirefoxError."""
        deadline = time.monotonic() + PATIENCE
        while not self.evaluate(text, arg):
            if time.monotonic() > deadline:
                raise FirefoxError(f"{text} was not true within {PATIENCE} seconds")
            time.sleep(0.02)

    @property
    def keyboard(self):
        return self

    def type(self, text):
        self.ask("type", text=text)

    def press(self, key):
        self.ask("press", key=key)

    @property
    def said(self):
        """The errors on the console."""
        return self.ask("said")
