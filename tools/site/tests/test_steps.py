"""How the pages show a step: as its difference from the step before."""

import re
from html import unescape

import pytest
from markdown import Markdown

from shared_project.chapters import ROOT
from tools.site.embed import EmbedError, count_lines, link_to_test
from tools.site.steps import compare, find_visible, step_html, steps_bar

FIRST = "chapters/05/steps/1_first_draft.py"
SECOND = "chapters/05/steps/2_check_every_row.py"
THIRD = "chapters/05/steps/3_all_or_nothing.py"


def kinds(old, new):
    return [line.kind for line in compare(old.split("\n"), new.split("\n"))]


def show(source, before, **options):
    options = {"language": "python", "name": "1_step.py", "title": "", "attributes": {}, **options}
    return step_html(source, before, **options)


def text_of(html):
    """Return what a reader would copy: not what is gone, nor what only a screen reader says."""
    html = re.sub(r"<del.*?</del>|<summary>.*?</summary>", "", html, flags=re.DOTALL)
    html = re.sub(r'<span class="(filename|only-spoken)">.*?</span>', "", html, flags=re.DOTALL)
    return unescape(re.sub("<[^>]+>", "", html))


def render(text):
    return Markdown(extensions=["tools.site.extension"]).convert(text)


def test_a_line_is_the_same_new_or_gone():
    assert kinds("a\nb\nc", "a\nd\nc") == ["same", "gone", "new", "same"]


def test_a_line_with_another_indent_has_moved():
    assert kinds("a\nb", "with x:\n    a\nb") == ["new", "moved", "same"]


def test_a_change_and_what_is_around_it_stay_in_sight():
    old = [f"line {number}" for number in range(12)]
    new = [*old[:6], "changed", *old[7:]]
    lines = compare(old, new)
    shown = [new[lines[at].index] for at in sorted(find_visible(lines, new)) if at < len(lines)]
    assert "line 4" in shown
    assert "line 8" in shown
    assert not {"line 3", "line 9"} & {*shown}


def test_the_definition_around_a_change_stays_in_sight():
    body = [f"    step_{number}()" for number in range(8)]
    old = ["def one():", *body, "def two():", *body]
    new = [*old[:-1], "    another()"]
    lines = compare(old, new)
    shown = {new[lines[at].index] for at in find_visible(lines, new) if at < len(lines)}
    assert "def two():" in shown
    assert "def one():" not in shown


def test_a_first_step_is_shown_whole_and_nothing_is_marked():
    html = show("a = 1\nb = 2\n", None)
    assert text_of(html).strip() == "a = 1\nb = 2"
    assert "2 lines" in html
    assert "<ins" not in html
    assert "<details" not in html


def test_a_later_step_counts_what_is_new_and_what_is_gone():
    html = show("a = 1\nb = 3\nc = 4\n", "a = 1\nb = 2\n")
    assert "2 new, 1 gone" in html
    assert "<s>b = 2</s>" in html


def test_a_step_without_a_change_counts_its_lines():
    assert "1 lines" in show("a = 1\n", "a = 1\n")


def test_a_long_stretch_is_folded_and_says_what_is_in_it():
    stretch = "".join(f"    a{number} = {number}\n" for number in range(9))
    html = show(f"def same():\n{stretch}b = 3\n", f"def same():\n{stretch}b = 2\n")
    assert "<summary>8 lines as before: <code>same</code></summary>" in html


def test_a_screen_reader_hears_once_that_lines_are_new():
    html = show("a = 1\nb = 2\nc = 3\n", "a = 1\n")
    assert html.count('<span class="only-spoken">new: </span>') == 1


@pytest.mark.parametrize(("path", "since"), [(FIRST, ""), (SECOND, FIRST), (THIRD, SECOND)])
def test_what_is_copied_is_the_new_file(path, since):
    source = (ROOT / path).read_text(encoding="utf-8")
    before = (ROOT / since).read_text(encoding="utf-8") if since else None
    assert text_of(show(source, before)) == source


def test_a_step_on_a_page_leads_to_its_whole_file():
    html = render(f'```python file="{SECOND}" since="{FIRST}"\n```')
    assert f'data-path="{SECOND}"' in html
    assert re.search(rf'<a href="[^"]+">{SECOND}</a>', html)


def test_a_difference_with_a_name_leads_nowhere_and_cannot_be_edited():
    html = render(f'```python file="{SECOND}" since="{FIRST}" name="mine/<1>.py"\n```')
    assert '<span class="filename">mine/&lt;1&gt;.py<span' in html
    assert 'aria-label="&lt;1&gt;.py"' in html
    assert "<a " not in html
    assert "data-path" not in html


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (f'since="{FIRST}" symbol="Command"', "since goes with file and name alone"),
        ('since="chapters/05/steps/0_nothing.py"', "No such file"),
    ],
)
def test_a_wrong_block_is_an_error(options, problem):
    with pytest.raises(EmbedError, match=problem):
        render(f'```python file="{SECOND}" {options}\n```')


def test_the_bar_leads_to_the_sections_and_numbers_the_steps():
    bar = "".join(steps_bar(["# A", "## Step 2: Check `it`", "text", "## Test it {#test}"]))
    assert '<a href="#step-2-check-it"><span class="step-number">2</span>' in bar
    assert "<span>Check it</span>" in bar
    assert bar.count("<li>") == 2


def test_the_bar_stands_where_the_page_says():
    html = render("# A\n\n[steps]\n\n## Step 1: Begin\n")
    assert html.index("steps-bar") < html.index("Step 1: Begin</h2>")


def test_lines_are_counted_and_tests_are_linked_within_a_sentence():
    html = render(f"It has {{lines {FIRST}}} lines, tested by {{test conftest.py::manage}}.")
    assert f"It has {count_lines(FIRST)} lines" in html
    assert "<code>manage</code></a>." in html


@pytest.mark.parametrize("name", ["nowhere.py", f"{FIRST}::nothing"])
def test_what_is_not_there_cannot_be_linked(name):
    with pytest.raises(EmbedError):
        link_to_test(name)
