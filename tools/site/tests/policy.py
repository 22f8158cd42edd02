"""The site's Content Security Policy: what its pages may load and run, and nothing else.

    python -m tools.site.tests.policy site

prints the header for the built site in the folder `site`.
"""

import base64
import hashlib
import re
import sys
from pathlib import Path

# Scripts on the page itself; a block of data has another type.
INLINE = re.compile(r"<script(?: type=\"text/javascript\")?>(.*?)</script>", re.DOTALL)
RULES = {
    "default-src": "'none'",
    # Python is WebAssembly, which has a name of its own here.
    "script-src": "'self' 'wasm-unsafe-eval'",
    # The terminal, the editor and the diagrams write styles as they run.
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}


def policy(site: Path) -> str:
    """Return the policy of the built site in the folder `site`.

    The theme's scripts on the pages are allowed by their hashes, so it changes with the theme.
    """
    scripts = {
        script
        for page in site.rglob("*.html")
        for script in INLINE.findall(page.read_text(encoding="utf-8"))
    }
    hashes = sorted(f"'sha256-{_hash(script)}'" for script in scripts)
    rules = {**RULES, "script-src": " ".join([RULES["script-src"], *hashes])}
    return "; ".join(f"{name} {sources}" for name, sources in rules.items())


def _hash(text):
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def main() -> None:
    site = Path((sys.argv[1:] or ["site"])[0])
    if not (site / "index.html").exists():
        sys.exit(f"{site} is no built site: run `mkdocs build` first.")
    print(f"Content-Security-Policy: {policy(site)}")  # noqa: T201


if __name__ == "__main__":
    main()
