"""Write what the site needs as files, before it is built: `python -m tools.site`.

MkDocs does it by itself (hooks.py), and Zensical does not.
"""

import sys

from tools.site.libraries import copy_libraries
from tools.site.packing import pack_terminal
from tools.site.sources import write_pages


def say(text: str) -> None:
    print(text, flush=True)  # the next step may take a while


def main() -> None:
    """Write the pages of files, copy the libraries, pack the terminal.

    What fails is said on stderr, and the site can be built without it.
    """
    say(f"docs/files: {write_pages()} pages.")
    for step in (copy_libraries, lambda: pack_terminal(say)):
        worked, said = step()
        if worked:
            say(said)
        else:
            print(said, file=sys.stderr)


if __name__ == "__main__":
    main()
