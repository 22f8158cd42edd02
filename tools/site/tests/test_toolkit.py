import pytest

from shared_project.chapters import ROOT
from tools.site import sources
from tools.site.toolkit import DocstringError, modules, toolkit_table

MODULE = '''\
"""Walk through `rows`.

Explained in chapter 9; tested in chapters/09/tests/test_walk.py.
"""


def walk():
    """Walk
    on.

    And so on.
    """


def _private():
    pass
'''


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write the only module of a toolkit, and return the folder that holds it."""
    monkeypatch.setattr(sources, "href", lambda path, line=None: f"{path}:{line}")
    for path in ("docs/production/09-cleanup.md", "chapters/09/tests/test_walk.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    folder = tmp_path / "shared_project/toolkit"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()

    def write(text):
        (folder / "walks.py").write_text(text)
        return tmp_path

    return write


def test_a_need_leads_to_module_chapter_and_tests(write):
    page = "".join(toolkit_table(write(MODULE)))
    assert (
        '<tr><th scope="row">walk through <code>rows</code></th>'
        '<td><a href="#walks"><code>walks</code></a></td>'
        '<td><a href="../production/09-cleanup.html">9</a></td>'
        '<td><a href="chapters/09/tests/test_walk.py:None">test_walk.py</a></td></tr>'
    ) in page


def test_each_public_name_has_its_first_sentence(write):
    page = "".join(toolkit_table(write(MODULE)))
    assert "## walksWalk through `rows`." in page
    name = '<a href="shared_project/toolkit/walks.py:7"><code>walk</code></a>'
    assert f'<tr><th scope="row">{name}</th><td>Walk on.</td></tr>' in page
    assert "_private" not in page


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("Explained in", "See", "walks.py: its docstring must end: Explained in chapter …"),
        ("test_walk.py", "test_it.py", "walks.py: there is no chapters/09/tests/test_it.py"),
        ('    """Walk\n    on.\n\n    And so on.\n    """', "    pass", "walk has no docstring"),
    ],
)
def test_what_is_not_said_is_an_error(write, old, new, problem):
    with pytest.raises(DocstringError, match=problem):
        modules(write(MODULE.replace(old, new)))


def test_every_module_says_what_it_is_for():
    names = {path.stem for path in (ROOT / "shared_project/toolkit").glob("[!_]*.py")}
    assert {module.name for module in modules()} == names
