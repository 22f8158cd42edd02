"""Diagrams on a page: a fenced block `mermaid`, drawn in the browser by `course.js`.

The page carries the diagram's text, which stays where no script draws it. The class is not
`mermaid`, because for that one the theme fetches Mermaid from another host.
"""

from html import escape

from tools.site.libraries import ASSETS

LIBRARY = ASSETS / "mermaid.tiny.js"


def format_diagram(source, language, css_class, options, md, **kwargs):
    """Return the HTML of a diagram; `pymdownx.superfences` calls it."""
    # Without the library the browser should not even ask for it.
    draw = " data-draw" if LIBRARY.exists() else ""
    return f'<figure class="{css_class}"{draw}><pre>{escape(source)}</pre></figure>'
