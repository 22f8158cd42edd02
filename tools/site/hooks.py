"""What MkDocs calls before it builds or serves the site. Zensical calls no hooks."""

import logging
import sys

from tools.site.libraries import copy_libraries
from tools.site.packing import pack_terminal
from tools.site.sources import write_pages

log = logging.getLogger("mkdocs.hooks.course")


def on_startup(command, dirty):
    """Prepare the site as `python -m tools.site` does; say what takes long and what fails."""
    write_pages()
    for step in (copy_libraries, lambda: pack_terminal(log.info)):
        worked, said = step()
        if not worked:
            # A warning would end a strict build, and the site can be built without it.
            print(said, file=sys.stderr)


def on_config(config):
    """Without a repository there is nowhere to edit, and MkDocs would warn of it on every page."""
    if not config.repo_url:
        config.edit_uri = None
