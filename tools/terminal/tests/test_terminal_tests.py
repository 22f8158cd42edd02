"""The chapters' tests, run in the page: `pytest chapters/05` in the terminal.

CI runs them in the page's Python under Node.js every time: see `run_in_node.py`.
"""

import pytest

from tools.site.tests.run_in_node import chapters, report

pytestmark = [pytest.mark.browser, pytest.mark.full]

START = """async (build) => {
  const { machine } = await import(`/assets/terminal/${build}/machine/machine.mjs`);
  window.machine = machine;
  await machine.start();
}"""

EXEC = """async (line) => {
  const decoder = new TextDecoder();
  let output = "";
  const keep = ({ data }) => (output += decoder.decode(data, { stream: true }));
  machine.addEventListener("output", keep);
  const { code } = await machine.exec(line, { columns: 80, rows: 24, terminal: false });
  machine.removeEventListener("output", keep);
  return { code, output };
}"""


def test_every_chapters_tests_pass_in_the_page(visit):
    page = visit("chapters/05-errors.html")
    build = page.locator(".transcript[data-build]").first.get_attribute("data-build")
    page.evaluate(START, build)
    failed = []
    for chapter in chapters():
        done = page.evaluate(EXEC, f"pytest -q -rs {chapter}")
        if done["code"]:
            failed.append(done["output"])
        print(f"{chapter}: {report(done['output'])}")
    assert not failed, "\n".join(failed)
