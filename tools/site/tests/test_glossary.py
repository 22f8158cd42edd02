import pytest
from markdown import Markdown

from tools.site.glossary import read_terms

EXTENSIONS = [
    "admonition",
    "def_list",
    "pymdownx.details",
    "pymdownx.tabbed",
    "tools.site.extension",
]
BATCH = "A number of rows, as in --batch-size."
GLOSSARY = """\
# Glossary

Words.

## Some

batch
:   A *number* of [rows](rows.md), as in `--batch-size`.

lock
lock timeout
:   A wait.

WAL
:   A log.

`handle`
:   A method.
"""


@pytest.fixture
def render(tmp_path):
    page = tmp_path / "glossary.md"
    page.write_text(GLOSSARY)

    def render(text):
        course = {"tools.site.extension": {"glossary": str(page)}}
        return Markdown(extensions=EXTENSIONS, extension_configs=course).convert(text)

    return render


def term(word, definition):
    return f'<abbr tabindex="0" title="{definition}">{word}</abbr>'


def test_terms_and_definitions_are_plain_text():
    assert read_terms(GLOSSARY) == {
        "batch": BATCH,
        "lock": "A wait.",
        "lock timeout": "A wait.",
        "wal": "A log.",
    }


@pytest.mark.parametrize("word", ["batch", "Batch", "batches"])
def test_a_term_gets_its_definition(render, word):
    assert render(f"The {word} ends.") == f"<p>The {term(word, BATCH)} ends.</p>"


@pytest.mark.parametrize("text", ["rebatch", "batch-size", "batched", "non-batch"])
def test_a_longer_word_is_no_term(render, text):
    assert render(text) == f"<p>{text}</p>"


def test_only_the_first_use_on_a_page_is_marked(render):
    assert render("A batch.\n\nA batch.").count("<abbr") == 1


def test_the_first_use_is_the_one_that_is_read_first(render):
    assert render("*One* batch, *two batches*") == (
        f"<p><em>One</em> {term('batch', BATCH)}, <em>two batches</em></p>"
    )


def test_the_longest_term_wins(render):
    html = render("A lock timeout and a lock.")
    assert html == f"<p>A {term('lock timeout', 'A wait.')} and a {term('lock', 'A wait.')}.</p>"


def test_several_terms_in_one_text_keep_what_is_between_them(render):
    html = render("one lock two batch three lock four")
    assert (
        html == f"<p>one {term('lock', 'A wait.')} two {term('batch', BATCH)} three lock four</p>"
    )


@pytest.mark.parametrize(
    "text",
    [
        "# A batch",
        "`batch`",
        "[a batch](page.md)",
        "Batch\n:   A batch.",
        "    batch",
        '!!! note "A batch"\n    Text.',
        '??? note "A batch"\n    Text.',
        '=== "A batch"\n\n    Text.',
    ],
    ids=["heading", "code", "link", "definition", "block", "admonition", "details", "tab"],
)
def test_some_places_stay_as_they_are(render, text):
    assert "<abbr" not in render(text)


def test_a_page_without_the_option_has_no_terms():
    html = Markdown(extensions=["tools.site.extension"]).convert("A batch.")
    assert html == "<p>A batch.</p>"
