import subprocess
import sys

from shared_project.chapters import ROOT
from shared_project.tour import TourLine, read_tours


def test_a_line_has_its_arguments_and_its_exit_code(tmp_path):
    file = tmp_path / "chapters" / "05" / "tour.txt"
    file.parent.mkdir(parents=True)
    file.write_text('greet "Ada L" 3\ngreet Ada 0  # exit 2\n')
    assert [*read_tours(tmp_path)] == [
        TourLine(file, 'greet "Ada L" 3', ["greet", "Ada L", "3"], 0),
        TourLine(file, "greet Ada 0", ["greet", "Ada", "0"], 2),
    ]


def test_start_needs_no_package():
    done = subprocess.run(
        [sys.executable, "-ISc", f"import sys; sys.path.append({str(ROOT)!r}); import start"],
        capture_output=True,
        encoding="utf-8",
    )
    assert done.stderr == ""
