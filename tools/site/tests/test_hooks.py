import pytest
from mkdocs.config.defaults import MkDocsConfig

from tools.site import hooks


@pytest.fixture
def prepare(monkeypatch, capsys):
    """Prepare a site whose terminal ends with `result`; return what is said."""

    def prepare(*result):
        monkeypatch.setattr(hooks, "write_pages", lambda: 13)
        monkeypatch.setattr(hooks, "copy_libraries", lambda: (True, "Mermaid is there."))
        monkeypatch.setattr(hooks, "pack_terminal", lambda _: result)
        hooks.on_startup(command="serve", dirty=False)
        return capsys.readouterr()

    return prepare


def test_where_nothing_is_to_do_nothing_is_said(prepare):
    assert prepare(True, "The terminal is packed already.") == ("", "")


def test_what_fails_is_said(prepare):
    assert prepare(False, "The pages have no terminal.") == ("", "The pages have no terminal.\n")


@pytest.mark.parametrize(
    ("repo_url", "edit_uri"), [("", None), ("https://github.com/ada/course", "edit/main/docs/")]
)
def test_pages_can_be_edited_where_there_is_a_repository(repo_url, edit_uri):
    config = MkDocsConfig()
    config.repo_url, config.edit_uri = repo_url, "edit/main/docs/"
    hooks.on_config(config)
    assert config.edit_uri == edit_uri
