"""Exercises, solved as a learner solves them: in the box on the page, with its buttons."""

import pytest

from shared_project.course.exercises import find_exercise
from tools.terminal.tests.test_terminal_page import Learner
from tools.terminal.tests.test_terminal_view import SCREEN

pytestmark = pytest.mark.browser

HELLO = "chapters/01-hello.html"
GREET = "chapters/02-greet.html"
FIRST = "01.1 Your first command (build, 5 min)"
MODEL = "from shared_project.shop.models import Product"
# What is typed into the starter of 01.1: texts, and names of keys. First with a mistake; then what
# repairs it, with the cursor where the mistake was.
PRINTS = ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "End", "Enter"]
PRINTS += ['help = "Say how many products the shop has."', "Enter", "def handle(self, **options):"]
PRINTS += ["Enter", MODEL, "Enter", 'print(f"The shop has {Product.objects.count()} products.")']
WRITES = ["Home", *["Delete"] * len("print"), "self.stdout.write"]
IN_SIGHT = """() => {
  const { top, bottom } = document.querySelector(".terminal-screen").getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight;
}"""
KEYS = {"ArrowDown", "Delete", "End", "Enter", "Home"}
FOCUSED = """() => {
  const { ariaLabel, textContent } = document.activeElement;
  return ariaLabel ?? textContent.trim();
}"""


class Solver(Learner):
    """A learner at the box of one exercise."""

    def __init__(self, page, number):
        super().__init__(page)
        self.exercise = find_exercise(number)
        # Its buttons carry its number, too.
        self.box = page.locator("details.exercise").filter(
            has=page.locator(f"[data-exercise='{number}']")
        )

    def open_box(self):
        self.box.evaluate("(box) => (box.open = true)")

    def start(self):
        self.press(f"Start exercise {self.exercise.name}")
        self.page.locator(".cm-focused").wait_for()

    def read(self, version):
        """Return the text of the one file of a version of the exercise."""
        (file,) = self.exercise.files(version).values()
        return file.read_text(encoding="utf-8")

    def write(self, text):
        """Replace what is in the editor."""
        self.page.locator(".cm-content").focus()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)

    def ask(self, action, last):
        """Press a button, wait until `last` is printed, and return what is on the screen.

        It is without white space, because the terminal breaks lines anywhere.
        """
        self.press_clear()
        self.press(f"{action} exercise {self.exercise.name}")
        is_done = f"""(last) => {{
          const shown = ({SCREEN})().replaceAll(/\\s/g, "");
          return document.querySelector(".course-terminal").dataset.state === "ready"
            && shown.includes(last) && shown.endsWith("$");
        }}"""
        self.page.wait_for_function(is_done, arg=pressed(last))
        return pressed(self.screen)

    def check(self):
        return self.ask("Check", "Next: ")

    def hint(self, mistake):
        says = next(one.says for one in self.exercise.mistakes if one.id == mistake)
        return pressed(says)

    def held(self):
        """Return for each line of the checklist whether it is ticked."""
        lines = self.box.locator("> ol > li").all_text_contents()
        return [line.endswith("✓ (holds)") for line in lines]

    def is_solved(self):
        title = self.box.locator("summary").first.text_content()
        return title.endswith("✓ (solved)") and all(self.held())

    def counted(self):
        """Return what the navigation counts."""
        return self.page.locator(".md-nav--primary .solved-count").all_text_contents()


def pressed(text):
    return "".join(text.split())


@pytest.fixture
def solver(visit, address):
    """Return a function that opens the page `path` at the box of an exercise."""

    def solver(number, path):
        solver = Solver(visit(path, base_url=address), number)
        solver.open_box()
        return solver

    return solver


@pytest.mark.parametrize(
    ("number", "path", "mistake"),
    [("01.1", HELLO, "print"), ("02.2", GREET, "only_the_middle")],
    ids=["a command", "a test"],
)
def test_an_exercise_is_begun_failed_and_solved_in_its_box(solver, number, path, mistake):
    learner = solver(number, path)
    learner.start()
    learner.write(learner.read(f"wrong/{mistake}"))
    assert learner.hint(mistake) in learner.check()
    assert True in learner.held()
    assert False in learner.held()
    assert not learner.is_solved()
    learner.write(learner.read("solution"))
    assert "hold.Solvedin2checks,0hints." in learner.check()
    learner.page.wait_for_function("() => document.querySelector('.solved')")
    learner.page.reload()
    assert learner.is_solved()
    (count,) = learner.counted()
    assert count.strip().startswith("1 of ")


def test_check_brings_the_verdict_into_sight_when_the_editor_fills_the_window(solver):
    learner = solver("01.1", HELLO)
    learner.start()
    learner.page.locator(".panel-hint").scroll_into_view_if_needed()
    assert not learner.page.evaluate(IN_SIGHT)
    learner.press("Check exercise 01.1")
    learner.page.wait_for_function(IN_SIGHT)
    # The box shows no code, so there is none that could have changed.
    assert learner.box.locator(".exercise-bar .changed-note").count() == 0


def test_files_are_moved_in_the_terminal_and_the_editor_follows(solver):
    learner = solver("01.2", HELLO)
    learner.start()
    wrong, right = "practice/management/command", "practice/management/commands"
    learner.run(f"mkdir {right} && mv {wrong}/price_list.py {right}")
    learner.run(f"mv {wrong}/euro.py {right}/_euro.py")
    assert learner.hint("old_name_imported") not in learner.check()
    learner.page.get_by_role("button", name=f"{right}/price_list.py").click()
    learner.page.locator(".cm-focused").wait_for()
    files = learner.exercise.files("wrong/old_name_imported")
    learner.write(files["management/commands/price_list.py"].read_text(encoding="utf-8"))
    assert learner.hint("old_name_imported") in learner.check()
    files = learner.exercise.files("solution")
    learner.write(files["management/commands/price_list.py"].read_text(encoding="utf-8"))
    assert "All4hold." in learner.check()
    learner.page.reload()
    assert learner.is_solved()


def test_hints_and_the_solution_come_by_their_buttons_and_a_reset_takes_all_back(solver):
    learner = solver("01.1", HELLO)
    learner.start()
    learner.ask("Hint", "2 left: ")
    learner.ask("Hint", "1 left: ")
    learner.ask("Solution", "You have 1 hint left.")
    learner.ask("Solution", learner.exercise.why)
    assert learner.box.locator(".solution-link").is_hidden()
    learner.write(learner.read("solution"))
    learner.check()
    learner.box.locator(".solution-link").wait_for()
    learner.press("Reset")
    learner.press("Put everything back")
    learner.page.wait_for_function("() => !document.querySelector('.solved')")
    assert learner.held() == [False] * 4
    assert learner.counted() == []


@pytest.mark.full
def test_progress_from_elsewhere_is_counted_when_it_is_imported(solver):
    learner = solver("01.1", HELLO)
    learner.start()
    learner.write(learner.read("solution"))
    learner.check()
    line = learner.run("python manage.py course export").split("\n", 1)[1].replace("\n", "")
    learner.press("Reset")
    learner.press("Put everything back")
    learner.page.wait_for_function("() => !document.querySelector('.solved')")
    learner.run(f"python manage.py course import {line}")
    learner.page.locator(".solved").wait_for()
    assert learner.is_solved()


def press_keys(keyboard, keys):
    for one in keys:
        keyboard.press(one) if one in KEYS else keyboard.type(one)


def tab_to(page, name, key="Tab"):
    for _ in range(400):
        page.keyboard.press(key)
        if page.evaluate(FOCUSED) == name:
            return
    raise AssertionError(f"{key} does not reach {name!r}")


@pytest.mark.full
def test_an_exercise_is_solved_with_the_keyboard_alone(visit):
    page = visit(HELLO)
    keyboard = page.keyboard
    tab_to(page, FIRST)
    keyboard.press("Enter")
    tab_to(page, "Start exercise 01.1")
    keyboard.press("Enter")
    page.locator(".cm-focused").wait_for()
    press_keys(keyboard, [*PRINTS, *WRITES])
    keyboard.press("Escape")
    tab_to(page, "Check exercise 01.1", key="Shift+Tab")
    keyboard.press("Enter")
    page.locator(".solved").wait_for(state="attached")
    assert "All 4 hold." in page.evaluate(SCREEN)


# The editor saves what was typed when the focus leaves it.
PRESS = """(name) => {
  const button = document.querySelector(`[aria-label="${name}"]`);
  button.focus();
  button.click();
}"""


@pytest.mark.full
def test_an_exercise_is_solved_in_firefox(firefox, address):
    context = firefox.new_context()
    page = context.new_page()
    page.goto(f"{address}{HELLO}")
    page.evaluate("document.querySelector('details.exercise').open = true")
    page.evaluate(PRESS, "Start exercise 01.1")
    page.wait_for_function("() => document.querySelector('.cm-focused') !== null")
    press_keys(page, PRINTS)
    page.evaluate(PRESS, "Check exercise 01.1")
    page.wait_for_function("() => document.querySelectorAll('.holds').length === 3")
    page.evaluate("document.querySelector('.cm-content').focus()")
    press_keys(page, WRITES)
    page.evaluate(PRESS, "Check exercise 01.1")
    page.wait_for_function("() => document.querySelectorAll('.holds').length === 4")
    page.reload()
    assert page.evaluate("document.querySelectorAll('.solved, .holds').length") == 5
    context.close()
