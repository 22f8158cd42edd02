import base64
import subprocess
import sys
from hashlib import sha256

import pytest

from shared_project.chapters import ROOT
from tools.site.tests import policy as module
from tools.site.tests.policy import policy


def source(script):
    return f"'sha256-{base64.b64encode(sha256(script.encode()).digest()).decode()}'"


@pytest.fixture
def site(tmp_path):
    def site(**pages):
        for name, text in pages.items():
            (tmp_path / f"{name}.html").write_text(text, encoding="utf-8")
        return tmp_path

    return site


def scripts(text):
    rules = dict(rule.split(" ", 1) for rule in text.split("; "))
    return rules["script-src"].split()


def test_each_script_on_a_page_is_allowed_by_its_hash(site):
    folder = site(
        index='<script>one("é")</script><script type="text/javascript">two()\n</script>',
        other="<script>three()</script>",
    )
    assert {source('one("é")'), source("two()\n"), source("three()")} <= {*scripts(policy(folder))}


def test_the_same_script_on_two_pages_is_named_once(site):
    allowed = scripts(policy(site(index="<script>one()</script>", other="<script>one()</script>")))
    assert allowed.count(source("one()")) == 1


def test_data_and_scripts_of_the_site_need_no_hash(site):
    folder = site(
        index='<script id="__config" type="application/json">{"a": 1}</script>'
        '<script src="javascripts/course.js"></script><script defer src="a.js"></script>'
    )
    assert scripts(policy(folder)) == ["'self'", "'wasm-unsafe-eval'"]


def test_nothing_comes_from_another_host_and_no_text_becomes_a_script(site):
    rules = policy(site(index="<p>")).split("; ")
    assert rules[0] == "default-src 'none'"
    assert not any("http" in rule or "*" in rule or "'unsafe-eval'" in rule for rule in rules)
    (scripts,) = (rule for rule in rules if rule.startswith("script-src"))
    assert "unsafe-inline" not in scripts


def test_the_header_of_a_site_is_printed(site, monkeypatch, capsys):
    folder = site(index="<script>one()</script>")
    monkeypatch.setattr("sys.argv", ["policy", str(folder)])
    module.main()
    assert capsys.readouterr().out == f"Content-Security-Policy: {policy(folder)}\n"


def test_a_folder_that_holds_no_site_is_refused(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tools.site.tests.policy", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr == f"{tmp_path} is no built site: run `mkdocs build` first.\n"
