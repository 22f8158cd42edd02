import json

import pytest

from shared_project.chapters import ROOT
from tools.site.costs import RESULTS, CostError, cost_tables, files_to_copy, time_of


@pytest.fixture
def root(tmp_path):
    """A checkout with one step, one finished command, and results for both."""
    files = {
        "chapters/05/errors/apps.py": "",
        "chapters/05/errors/report.py": "import json\nfrom errors.report import me\n",
        "chapters/05/errors/unused.py": "\n",
        "chapters/05/errors/management/commands/load.py": (
            "from errors.report import me\n"
            "from errors.management import nothing\n"
            "from shared_project.toolkit.text import printable\n"
            "from shared_project.shop.models import Product\n"
            "from . import nothing\n"
        ),
        "chapters/05/steps/1_first_draft.py": "1\n2\n3\n",
        "shared_project/toolkit/text.py": "from .names import plain_name\n",
        "shared_project/toolkit/names.py": "\n" * 5,
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def figures(step, database="SQLite", rows=100_000, seconds=2.0, longest=1500.0):
    return {
        "step": step,
        "database": database,
        "rows": rows,
        "seconds": seconds,
        "cost": 4.0,
        "megabytes": 50,
        "longest": longest,
    }


@pytest.fixture
def tables(root):
    def tables(*results):
        (root / RESULTS).parent.mkdir(parents=True, exist_ok=True)
        (root / RESULTS).write_text(json.dumps(results))
        return "\n".join(cost_tables(root))

    return tables


def both(step, **options):
    return [figures(step, name, **options) for name in ("SQLite", "PostgreSQL")]


def test_a_finished_command_comes_with_what_it_imports(root):
    files = files_to_copy("05", "load", root)
    assert {path.name for path in files["05/load"]} == {
        "load.py",
        "names.py",
        "report.py",
        "text.py",
    }
    assert [path.name for path in files["05/1"]] == ["1_first_draft.py"]


def test_a_table_has_a_row_for_each_step_and_database(tables):
    text = tables(*both("05/1"), *both("05/load", longest=None))
    for database in ("SQLite", "PostgreSQL"):
        _, _, group = text.partition(f'<th scope="rowgroup" colspan="4">{database}</th>')
        first, second = group.partition("</tbody>")[0].split('<th scope="row">')[1:]
        assert first.startswith("step 1 <small>3 lines</small></th>")
        assert second.startswith("finished <small>13 lines</small></th>")
        assert "<td>2.00 s <small>4.0×</small></td><td>50 MB</td><td>1.50 s</td>" in first
        assert "<td>50 MB</td><td>none</td>" in second


def test_memory_and_transactions_are_those_of_the_largest_table(tables):
    million = figures("05/1", rows=1_000_000, seconds=1234.5, longest=9.0)
    text = tables(*both("05/1"), million, figures("05/load"))
    assert (
        "<td>2.00 s <small>4.0×</small></td><td>1,234 s <small>4.0×</small></td>"
        "<td>50 MB</td><td>9 ms</td>"
    ) in text


def test_figures_of_a_smaller_table_say_so(tables):
    text = tables(figures("05/1"), figures("05/load"), figures("05/load", rows=1_000_000))
    note = "<small>100,000 rows</small>"
    assert f"<td>–</td><td>50 MB {note}</td><td>1.50 s {note}</td>" in text


def test_a_run_that_was_ended_says_after_how_long(tables):
    ended = {"seconds": None, "cost": None, "megabytes": None, "longest": None}
    text = tables(
        figures("05/1") | ended | {"limit": 600},
        figures("05/load", "PostgreSQL") | ended | {"limit": 5},
        figures("05/1", "PostgreSQL"),
        figures("05/load"),
    )
    assert "<td>over 10 min</td><td>–</td><td>–</td>" in text
    assert "<td>over 5 s</td><td>–</td><td>–</td>" in text
    assert '<svg class="sqlite over"><rect width="100.0%" height="100%"/></svg>' in text


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.16, "0.16 s"), (28.59, "28.6 s"), (126.19, "126 s")]
)
def test_seconds_have_three_digits(tables, seconds, shown):
    assert f"<td>{shown} <small>" in tables(figures("05/1", seconds=seconds), figures("05/load"))


def test_the_plot_has_a_bar_for_each_step_and_database(tables):
    text = tables(*both("05/1", seconds=100.0), *both("05/load", seconds=1.0))
    assert text.count('<rect width="100.0%"') == 2
    assert text.count('<rect width="1.0%"') == 2
    assert "<span>step 1</span><span>SQLite</span>" in text
    assert "<span></span><span>PostgreSQL</span>" in text


def test_the_plot_says_in_words_what_it_shows(tables):
    text = tables(figures("05/1"), figures("05/load"), figures("05/load", rows=1_000_000))
    assert 'aria-label="The time that 1,000,000 rows take. finished, SQLite: 2.00 s."' in text


@pytest.mark.parametrize(
    ("results", "problem"),
    [
        (both("05/load"), "not there: 05/1"),
        ([*both("05/load"), *both("05/1"), *both("05/2")], "not there: 05/2"),
    ],
)
def test_results_that_do_not_fit_the_steps_are_an_error(tables, results, problem):
    with pytest.raises(CostError, match=problem):
        tables(*results)


def test_a_page_tells_the_time_of_a_step(tables, root):
    tables(figures("05/1", rows=1_000_000), *both("05/load"), figures("05/1", seconds=173.4))
    assert time_of("05/1", root) == "173 s"


def test_the_time_of_a_step_that_was_not_measured_is_an_error(tables, root):
    tables(*both("05/load"), figures("05/1", "PostgreSQL"))
    with pytest.raises(CostError, match="not measured.*05/1"):
        time_of("05/1", root)


def test_what_was_not_measured_is_a_dash(tables):
    text = tables(*both("05/load"), figures("05/1"))
    row = "<small>3 lines</small></th><td>–</td><td>–</td><td>–</td>"
    assert f'<th scope="row">step 1 {row}' in text


def test_a_database_without_results_has_no_rows(tables):
    assert "PostgreSQL" not in tables(figures("05/load"), figures("05/1"))


def test_the_results_are_those_of_the_steps_there_are():
    assert "## import_products" in cost_tables(ROOT)
