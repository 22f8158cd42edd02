"""What python.mjs needs of Pyodide's inside, checked in Node.js."""

import subprocess

import pytest

from tools.site.libraries import TERMINAL, find

pytestmark = pytest.mark.browser


@pytest.mark.full
def test_pyodide_has_what_python_mjs_relies_on():
    node = find("node")
    if not node or not (TERMINAL / "node_modules/pyodide").is_dir():
        pytest.skip("needs Node.js and npm's packages: run `npm ci` in tools/terminal")
    file = TERMINAL / "tests/python.test.mjs"
    done = subprocess.run([node, "--test", file], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout
