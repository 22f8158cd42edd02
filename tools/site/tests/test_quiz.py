import os
import subprocess
import sys

import pytest
from markdown import Markdown

from shared_project.chapters import ROOT, discover
from tools.site.quiz import QuizError, quiz_boxes, read_quiz
from tools.site.transcripts import FENCE, until_closed

EXTENSIONS = ["tools.site.extension", "admonition", "pymdownx.details", "pymdownx.superfences"]
CHAPTERS = {chapter.number: chapter for chapter in discover()}
every_chapter = pytest.mark.parametrize("number", CHAPTERS)

RIGHT = """
[[question.answer]]
text = "Yes"
right = true
why = "It does."
"""
WRONG = """
[[question.answer]]
text = "{}"
why = "It does not."
"""
TEST = 'test = "chapters/05/tests/test_it.py::test_that"'
QUESTION = f"""
[[question]]
question = "{{}}"
{TEST}
{RIGHT}{WRONG.format("No")}{WRONG.format("Never")}
"""
GOOD = "".join(QUESTION.format(f"Does it {verb}?") for verb in ("run", "stop", "fail"))


@pytest.fixture
def quiz(tmp_path):
    """Return a function that writes a quiz for chapter 05, and returns the root above it."""
    (tmp_path / "chapters/05/tests").mkdir(parents=True)
    (tmp_path / "chapters/05/tests/test_it.py").write_text("def test_that():\n    assert True\n")

    def write(text):
        (tmp_path / "chapters/05/quiz.toml").write_text(text)
        return tmp_path

    return write


def test_a_quiz_is_read_in_its_order(quiz):
    questions = read_quiz("05", quiz(GOOD))
    assert [one.question for one in questions][:2] == ["Does it run?", "Does it stop?"]
    assert [answer.right for answer in questions[0].answers] == [True, False, False]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('question = "Does it run?"', 'question = " "', "question 1: a text is empty"),
        ('why = "It does."', 'why = ""', "question 1: a text is empty"),
        ('text = "No"', 'text = ""', "question 1: a text is empty"),
        ('text = "No"', 'text = "Yes"', "question 1: twice: Yes"),
        ('text = "No"', 'text = "No\\nway"', "question 1: an answer is longer than a line"),
        ("right = true", "right = false", "question 1: 0 right answers"),
        ('text = "No"', 'text = "No"\nright = true', "question 1: 2 right answers"),
        (RIGHT, "", "question 1: 2 answers, not 3 to 4"),
        (RIGHT, 2 * RIGHT + WRONG.format("A"), "question 1: 5 answers, not 3 to 4"),
        ('why = "It does."', "", r"question 1: .*missing 1 required .*'why'"),
        ("test =", "tests =", "question 1: .*unexpected keyword argument 'tests'"),
        (TEST, "", "question 1: it needs a test, or else a source"),
        (TEST, f'{TEST}\nsource = "https://docs.python.org/"', "question 1: it needs a test, or"),
        (TEST, 'source = "https://example.com/"', "question 1: no source: https://example.com/"),
        ("test_that", "test_this", "question 1: .*no symbol test_this"),
        ("test_it.py", "test_us.py", "question 1: .*test_us.py.*No such file"),
        ("Does it run?", "Does it stop?", r"quiz\.toml: twice: Does it stop\?"),
        (GOOD, QUESTION, r"quiz\.toml: 1 questions, not 3 to 5"),
        (GOOD, GOOD * 2, r"quiz\.toml: 6 questions, not 3 to 5"),
        (GOOD, "", r"quiz\.toml: 0 questions, not 3 to 5"),
        ("[[question]]", "[[question", r"^chapters/05/quiz\.toml: .*line 2"),
    ],
)
def test_an_error_names_the_file_and_the_question(quiz, old, new, message):
    root = quiz(GOOD.replace(old, new, 1))
    with pytest.raises(QuizError, match=message) as error:
        read_quiz("05", root)
    assert str(error.value).startswith("chapters/05/quiz.toml")


def test_a_chapter_without_a_quiz_is_an_error(tmp_path):
    with pytest.raises(QuizError, match=r"^chapters/05/quiz\.toml: .*No such file"):
        read_quiz("05", tmp_path)


def test_every_question_and_every_answer_is_a_box_that_opens():
    questions = read_quiz("05")
    html = Markdown(extensions=EXTENSIONS).convert("[quiz 05]")
    answers = sum(len(one.answers) for one in questions)
    assert html.count('<details class="question">') == len(questions)
    assert html.count('<details class="answer">') == answers
    assert html.count("</details>") == len(questions) + answers
    assert "<details open" not in html
    assert html.count("<p><strong>Right.</strong>") == len(questions)
    assert html.count("<p><strong>Not quite.</strong>") == answers - len(questions)


def test_only_the_first_line_of_a_question_is_the_title_of_its_box(quiz):
    question = 'What is "this"?\n\n```python\nprint("this")\n```'
    root = quiz(GOOD.replace('"Does it run?"', f"'''\n{question}\n'''"))
    html = Markdown(extensions=EXTENSIONS[1:]).convert("\n".join(quiz_boxes("05", root)))
    title, _, rest = html.partition("</summary>")
    assert title.endswith('<summary>What is "this"?')
    assert 'class="highlight"' in rest.partition("</summary>")[0]


def test_the_right_answer_leads_to_its_test():
    text = "\n".join(quiz_boxes("05"))
    assert text.count(">A test runs it.</a>") == len(read_quiz("05"))
    assert '<a href="../files/05.html#__codelineno-tests-test-steps-py-file-' in text


def test_the_right_answer_leads_to_its_source_where_no_test_runs_it(quiz):
    source = "https://docs.python.org/3/library/signal.html"
    root = quiz(GOOD.replace(TEST, f'source = "{source}"'))
    text = "\n".join(quiz_boxes("05", root))
    assert f"**Right.** It does. [The documentation says so.]({source})" in text


@every_chapter
def test_a_chapters_quiz_stands_right_before_its_exercises(number):
    page = ROOT / f"docs/chapters/{number}-{CHAPTERS[number].app}.md"
    ending = f"\n\n## Check yourself\n\n[quiz {number}]\n\n## Practice\n"
    assert page.read_text(encoding="utf-8").count(ending) == 1


@every_chapter
def test_the_code_of_a_question_is_in_a_step_or_in_the_file_of_its_test(number):
    steps = [*CHAPTERS[number].folder.glob("steps/*.py")]
    for question in read_quiz(number):
        lines = iter(question.question.splitlines())
        for fence in filter(None, map(FENCE.match, lines)):
            assert fence["language"] == "python", question.question
            files = [*steps, ROOT / question.test.partition("::")[0]]
            texts = [file.read_text(encoding="utf-8") for file in files]
            tested = "\n".join(texts).replace("  # noqa: RUF032", "").splitlines()
            known = {line.strip() for line in tested}
            code = [line.strip() for line in until_closed(lines, fence)][:-1]
            assert {*code} <= known, question.question


@pytest.mark.browser
def test_an_answer_is_read_with_the_keyboard_and_without_javascript(visit):
    page = visit("chapters/05-errors.html", java_script_enabled=False)
    question = page.locator("details.question").first
    answer = question.locator("details.answer").first
    assert not answer.is_visible()
    question.locator("> summary").press("Enter")
    assert not answer.locator("strong").is_visible()
    answer.locator("> summary").press("Enter")
    assert answer.locator("strong").inner_text() in {"Right.", "Not quite."}


def test_the_right_answer_is_not_always_in_the_same_place():
    places = [
        next(place for place, answer in enumerate(one.answers) if answer.right)
        for number in CHAPTERS
        for one in read_quiz(number)
    ]
    assert max(places.count(place) for place in range(3)) < len(places) / 2


def test_the_test_of_every_question_runs_on_sqlite():
    tests = {one.test for number in CHAPTERS for one in read_quiz(number)} - {""}
    env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--no-skips", "-p", "no:cacheprovider", *tests],
        cwd=ROOT, env=env, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    # One that is marked `full` would be left out.
    assert "deselected" not in done.stdout
