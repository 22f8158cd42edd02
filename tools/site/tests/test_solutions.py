import shutil

from markdown import Markdown

from shared_project.chapters import ROOT
from shared_project.course.exercises import exercises
from tools.site.solutions import solution, solution_pages

EXTENSIONS = ["tools.site.extension", "admonition", "attr_list", "pymdownx.details"]


def render(key):
    return Markdown(extensions=EXTENSIONS).convert(f"[solution {key}]")


def test_each_exercise_has_a_page_that_no_search_finds():
    pages = solution_pages()
    assert len(pages) == len(exercises())
    page = pages["solution-check_emails.md"]
    assert "\nrobots: noindex\nsearch:\n  exclude: true\n---\n" in page
    assert "\n# Solution: Green, and broken\n" in page
    assert "[exercise 05.1](../chapters/05-errors.md#check_emails)" in page
    assert page.endswith("\n[solution check_emails]\n")


def test_a_solution_is_a_difference_from_the_starter_with_its_reason():
    html = render("check_emails")
    assert '<span class="filename">practice/management/commands/check_emails.py<span' in html
    assert '<ins class="line new"' in html
    assert '<del class="line gone"' in html
    assert "<p>An exception that you did not expect is news" in html


def test_other_ways_that_pass_are_named_and_folded():
    html = render("check_emails")
    assert "<h2" in html
    assert "<summary>A list</summary>" in html
    assert html.count("step-code") == 2


def test_without_another_way_there_is_no_heading_for_it(tmp_path):
    other = shutil.ignore_patterns("also_*")
    shutil.copytree(ROOT / "chapters/05", tmp_path / "chapters/05", ignore=other)
    text = "\n".join(solution("check_emails", tmp_path))
    assert text.count("```python") == 1
    assert "Other ways" not in text


def test_a_file_that_has_moved_is_compared_with_what_it_was():
    text = "\n".join(solution("price_list"))
    helper = "chapters/01/exercises/price_list"
    assert f'file="{helper}/solution/management/commands/_euro.py"' in text
    assert f'since="{helper}/starter/management/command/euro.py"' in text
    assert (
        'name="practice/management/commands/_euro.py, '
        'before: practice/management/command/euro.py"' in text
    )
