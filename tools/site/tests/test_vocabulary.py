import pytest

from shared_project.chapters import ROOT
from tools.site import vocabulary
from tools.site.embed import EmbedError
from tools.site.vocabulary import names_in, python_of, unexplained


@pytest.fixture
def pages(tmp_path):
    """Return a function that writes chapters' pages, and returns the names nobody explained."""
    models = "shared_project/shop/models.py"
    (tmp_path / models).parent.mkdir(parents=True)
    (tmp_path / models).write_text((ROOT / models).read_text(encoding="utf-8"))
    (tmp_path / "docs/chapters").mkdir(parents=True)

    def write(*texts):
        for number, text in enumerate(texts, 1):
            (tmp_path / f"docs/chapters/{number:02}-page.md").write_text(text)
        return unexplained(tmp_path)

    return write


def block(code):
    return f"```python\n{code}\n```\n"


def test_a_chapter_shows_no_name_that_nobody_has_explained():
    assert unexplained() == {}


def test_a_name_is_reported_on_the_first_page_that_uses_it(pages):
    code = block("self.style.SUCCESS")
    assert pages(code, code) == {"01-page.md": ["SUCCESS", "style"]}


@pytest.mark.parametrize("prose", ["`style.SUCCESS` is green.", "``style`` and `SUCCESS`"])
def test_what_the_prose_of_a_page_says_holds_for_it_and_for_later_ones(pages, prose):
    code = block("def handle(self): self.style.SUCCESS")
    assert pages(f"{code}\n{prose}", code) == {}


def test_what_a_later_page_explains_comes_too_late(pages):
    assert pages(block("print(look_up())"), "`look_up` comes first.") == {
        "01-page.md": ["look_up"]
    }


def test_what_a_console_block_shows_explains_nothing(pages):
    assert pages("```console\n$ echo `look_up`\n```\n" + block("look_up()")) != {}


def test_a_keyword_is_a_name_too():
    assert names_in("print(*rows, sep=', ', chunk_size=10)") == {
        "print", "rows", "sep", "chunk_size",
    }  # fmt: skip


def test_what_a_block_imports_defines_or_catches_is_known():
    code = (
        "import json\nfrom a import b as c\n"
        "def f(x):\n    try: self_made = json.loads(x)\n    except ValueError as e: c(e)\n"
    )
    assert names_in(code) == {"ValueError"}


def test_a_block_from_a_file_is_read_from_it(tmp_path):
    (tmp_path / "a.py").write_text("def one():\n    two()\n\n\nclass B:\n    def c(self): d()\n")
    lines = ['```python file="a.py" symbol="B.c"', "```", '```python file="a.py"', "```"]
    method, whole = python_of(lines, tmp_path)
    assert names_in(method) == {"d"}
    assert names_in(whole) == {"two", "d"} - {"one"}


QUIZ = """
[[question]]
question = '''
{question}
'''
source = "https://docs.python.org/"
[[question.answer]]
text = "{answer}"
why = "Because."
[[question.answer]]
text = "B"
why = "Because."
right = true
[[question.answer]]
text = "C"
why = "{why}"
"""


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("question", "```python\nlook_up(1)\n```"),
        ("question", "What does `look_up(1)` return?"),
        ("answer", "`look_up` does."),
        ("why", "`look_up` does not."),
    ],
)
def test_a_quiz_asks_about_no_name_that_nobody_has_explained(pages, tmp_path, place, text):
    texts = {"question": "A", "answer": "A", "why": "Because."} | {place: text}
    others = [QUIZ.format(question=other, answer="A", why="Because.") for other in "BC"]
    (tmp_path / "chapters/01").mkdir(parents=True)
    (tmp_path / "chapters/01/quiz.toml").write_text("".join([QUIZ.format(**texts), *others]))
    assert pages("[quiz 01]") == {"01-page.md": ["look_up"]}
    assert pages("`look_up` is explained.\n[quiz 01]") == {}
    assert pages(f"{block('def look_up(): pass')}[quiz 01]") == {}


def test_what_a_quiz_has_in_backticks_and_is_no_python_is_no_name(pages, tmp_path):
    questions = ["`greet Ada 3`", "`report.py`", "`no such column`"]
    texts = [QUIZ.format(question=text, answer="A", why="Because.") for text in questions]
    (tmp_path / "chapters/01").mkdir(parents=True)
    (tmp_path / "chapters/01/quiz.toml").write_text("".join(texts))
    assert pages("[quiz 01]") == {}


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(EmbedError, match="No such file"):
        list(python_of(['```python file="a.py"', "```"], tmp_path))


@pytest.mark.parametrize(
    ("found", "code", "said"), [({}, 0, ""), ({"01.md": ["a", "b"]}, 1, "01.md: a, b\n")]
)
def test_the_names_are_printed_a_line_for_each_page(monkeypatch, capsys, found, code, said):
    monkeypatch.setattr(vocabulary, "unexplained", lambda: found)
    with pytest.raises(SystemExit) as stop:
        vocabulary.main()
    assert (stop.value.code, capsys.readouterr().out) == (code, said)
