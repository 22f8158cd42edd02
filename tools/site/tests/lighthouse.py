"""Measure the built site with Lighthouse: `python -m tools.site.tests.lighthouse site [--first]`.

The home page and the first chapter as on a phone with a slow network, which is what Lighthouse
assumes by default, and the chapter with the longest page as on a desktop computer. Accessibility,
best practices and SEO need 95 of 100 points. Performance is printed and decides nothing: it says
as much about the machine as about the page. With `--first`, the first chapter is all.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from shared_project.chapters import ROOT
from tools.site.tests.serving import find_chromium, serve

LIGHTHOUSE = ROOT / "tools/terminal/node_modules/lighthouse/cli/index.js"
CATEGORIES = ["performance", "accessibility", "best-practices", "seo"]
MEASURED = {"performance"}
ENOUGH = 0.95
DEVICES = {"phone": [], "desktop": ["--preset=desktop"]}


def main(site, *options):
    chromium = find_chromium()
    if not chromium:
        sys.exit("Lighthouse needs Chromium: install it, or name it in the variable CHROMIUM.")
    if not LIGHTHOUSE.exists():
        sys.exit("Lighthouse is absent: run `npm ci` in tools/terminal.")
    first = next((site / "chapters").glob("01-*.html"))
    longest = max((site / "chapters").glob("*.html"), key=lambda page: page.stat().st_size)
    missed = False
    with serve(site) as address:
        pages = [(first, "phone"), (site / "index.html", "phone"), (longest, "desktop")]
        for page, device in pages[:1] if "--first" in options else pages:
            name = page.relative_to(site).as_posix()
            report = measure(address + name, chromium, DEVICES[device])
            scores = scores_of(report)
            print(
                name,
                device,
                *(f"{name} {score * 100:.0f}" for name, score in scores.items()),
                sep="  ",
            )
            if min(scores.values()) < ENOUGH:
                print(*weaknesses(report), sep="\n")
            if min(scores[name] for name in scores.keys() - MEASURED) < ENOUGH:
                missed = True
    return missed


def measure(address, chromium, options):
    """Return Lighthouse's report on the page at `address`."""
    # Chromium does not tidy up behind it.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        done = subprocess.run(
            [
                *(
                    "node",
                    str(LIGHTHOUSE),
                    address,
                    *options,
                    "--quiet",
                    "--output=json",
                ),
                f"--only-categories={','.join(CATEGORIES)}",
                "--chrome-flags=--headless=new --no-sandbox",
            ],
            env={**os.environ, "CHROME_PATH": chromium, "TMPDIR": folder},
            stdout=subprocess.PIPE,
            check=True,
        )
    return json.loads(done.stdout)


def scores_of(report):
    return {name: report["categories"][name]["score"] for name in CATEGORIES}


def weaknesses(report):
    """Yield a line for each check that costs points."""
    for name in CATEGORIES:
        for part in report["categories"][name]["auditRefs"]:
            audit = report["audits"][part["id"]]
            if part["weight"] and audit["score"] is not None and audit["score"] < 1:
                yield f"    {name}, {part['id']}: {audit.get('displayValue', audit['title'])}"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
