import pytest

from tools.site.in_browser import SET_UP, THREADS, why_not


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["python3 start.py"], SET_UP),
        (["python3 -m venv .venv"], SET_UP),
        (["source .venv/bin/activate"], SET_UP),
        (["cd chapters", "pip install -r requirements.txt"], SET_UP),
        (["python manage.py meanwhile 'hello' --sql 'SELECT 1'"], THREADS),
    ],
)
def test_what_a_browser_cannot_run_has_its_reason(lines, reason):
    assert why_not(lines) == reason


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["python manage.py greet Ada 3"],
        ["pytest chapters/05", "echo $?"],
        ["python manage.py greet pip"],
        ["cat chapters/01/tour.txt | grep source"],
    ],
)
def test_what_a_browser_can_run_has_none(lines):
    assert why_not(lines) is None
