"""The quiz of a chapter on its page: a line `[quiz 05]`.

The questions are in the chapter's `quiz.toml`. Each is a box that opens, and so is each of its
answers: it says whether it is right, and why. Nothing of it needs JavaScript.
"""

import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from shared_project.chapters import ROOT
from tools.site.embed import find_lines, link_to_test

COUNTS = {"questions": range(3, 6), "answers": range(3, 5)}
# What a statement that no test can run may rest on.
SOURCES = ("https://docs.djangoproject.com/", "https://docs.python.org/")


class QuizError(ValueError):
    """A `quiz.toml` is wrong; the message names the file and the question."""


@dataclass(frozen=True)
class Answer:
    text: str
    why: str
    right: bool = False


@dataclass(frozen=True)
class Question:
    """A question; its first line is the title of its box, and the rest is in it.

    `test` (`PATH::NAME`) runs what the right answer says. Where no test can, `source` says it.
    """

    question: str
    answers: tuple[Answer, ...]
    test: str = ""
    source: str = ""


def read_quiz(number: str, root: Path = ROOT) -> list[Question]:
    """Return the questions of chapter `number`. Raises QuizError."""
    path = place = f"chapters/{number}/quiz.toml"
    questions = []
    try:
        entries = tomllib.loads((root / path).read_text(encoding="utf-8")).get("question", [])
        for count, entry in enumerate(entries, start=1):
            place = f"{path}, question {count}"
            questions.append(_read(entry, root))
        place = path
        _check_count("questions", len(questions))
        _check_unique(one.question for one in questions)
    except (OSError, TypeError, ValueError) as error:
        raise QuizError(f"{place}: {error}") from None
    return questions


def quiz_boxes(number: str, root: Path = ROOT) -> list[str]:
    """Return the Markdown lines of the quiz of chapter `number`. Raises QuizError."""
    about = "Open the answer that you think is right. Each one says why it is right or wrong."
    lines = [about, ""]
    for question in read_quiz(number, root):
        title, *rest = question.question.splitlines()
        lines += _box("question", title, rest)
        for answer in question.answers:
            lines += _indent(_box("answer", answer.text, [_verdict(question, answer, root)]))
    return lines


def _read(entry, root):
    answers = tuple(Answer(**_stripped(answer)) for answer in entry.get("answer", []))
    fields = {name: value for name, value in entry.items() if name != "answer"}
    question = Question(answers=answers, **_stripped(fields))
    texts = [answer.text for answer in answers]
    if not all([question.question, *texts, *(answer.why for answer in answers)]):
        raise ValueError("a text is empty")
    if any("\n" in text for text in texts):
        raise ValueError("an answer is longer than a line")
    _check_count("answers", len(answers))
    _check_unique(texts)
    right = sum(answer.right for answer in answers)
    if right != 1:
        raise ValueError(f"{right} right answers")
    if bool(question.test) == bool(question.source):
        raise ValueError("it needs a test, or else a source")
    if question.test:
        find_lines(question.test, root)
    elif not question.source.startswith(SOURCES):
        raise ValueError(f"no source: {question.source}")
    return question


def _stripped(fields):
    return {name: value.strip() if isinstance(value, str) else value
            for name, value in fields.items()}  # fmt: skip


def _check_count(what, count):
    allowed = COUNTS[what]
    if count not in allowed:
        raise ValueError(f"{count} {what}, not {allowed[0]} to {allowed[-1]}")


def _check_unique(texts):
    text, count = Counter(texts).most_common(1)[0]
    if count > 1:
        raise ValueError(f"twice: {text}")


def _verdict(question, answer, root):
    if not answer.right:
        return f"**Not quite.** {answer.why}"
    proof = (
        link_to_test(question.test, root, "A test runs it.")
        if question.test
        else f"[The documentation says so.]({question.source})"
    )
    return f"**Right.** {answer.why} {proof}"


def _box(kind, title, lines):
    return [f'??? {kind} "{title}"', "", *_indent(lines), ""]


def _indent(lines):
    return [f"    {line}".rstrip() for line in lines]
