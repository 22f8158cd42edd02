from markdown import Markdown

from tools.site import practice
from tools.site.practice import exercise_boxes

EXTENSIONS = ["tools.site.extension", "admonition", "attr_list", "pymdownx.details", "md_in_html"]


def test_a_chapter_has_a_box_for_each_of_its_exercises():
    html = Markdown(extensions=EXTENSIONS).convert("[exercises 05]")
    assert html.count('<details class="exercise">') == html.count("exercise-bar")
    assert '<p id="check_emails">Every night' in html
    assert "05.1 Green, and broken (repair, 8 min)" in html
    assert "<li>a bad email is exit code 1</li>" in html
    assert html.count("<summary>Hint 1</summary>") == html.count("exercise-bar")


def test_a_box_names_the_lines_to_type():
    text = "\n".join(exercise_boxes("05"))
    assert "<code>python manage.py course check 05.1</code>" in text


def test_where_the_site_has_a_terminal_the_box_has_buttons(monkeypatch):
    monkeypatch.setattr(practice, "current_build", lambda: "build")
    text = "\n".join(exercise_boxes("05"))
    assert 'data-build="build"' in text
    assert "&quot;Start&quot;: &quot;python manage.py course start 05.1&quot;" in text
    assert 'data-path="practice/management/commands/check_emails.py"' in text
    monkeypatch.setattr(practice, "current_build", lambda: None)
    assert "data-build" not in "\n".join(exercise_boxes("05"))


def test_of_several_files_the_editor_opens_that_of_the_command(monkeypatch):
    monkeypatch.setattr(practice, "current_build", lambda: "build")
    text = "\n".join(exercise_boxes("01"))
    assert 'data-path="practice/management/command/price_list.py"' in text
    assert "change <code>practice/management/</code>" in text


def test_the_link_to_the_solution_is_hidden_until_it_is_solved():
    text = "\n".join(exercise_boxes("05"))
    link = '<a class="solution-link" href="../files/solution-check_emails.html" hidden>'
    assert link in text


def test_what_an_exercise_needs_is_said(monkeypatch):
    one = next(one for one in practice.exercises() if one.chapter == "05")
    fields = {**one.__dict__, "needs": "customers"}
    fields.pop("expectations", None)
    needy = type(one)(**fields)
    monkeypatch.setattr(practice, "exercises", lambda _: [needy])
    assert "    It needs customers." in exercise_boxes("05")
