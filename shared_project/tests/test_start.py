import subprocess

import pytest

import start


class Runs:
    """Stands in for subprocess.run: keeps the command lines, and answers with `codes`."""

    def __init__(self):
        self.lines = []
        self.codes = {}
        self.stderr = ""

    def __call__(self, command, **options):
        line = " ".join(map(str, command[1:]))
        self.lines.append(line)
        code = next((code for text, code in self.codes.items() if text in line), 0)
        return subprocess.CompletedProcess(command, code, "", self.stderr)


@pytest.fixture
def runs(monkeypatch, tmp_path):
    runs = Runs()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(start, "ROOT", tmp_path)
    monkeypatch.setattr(start, "VENV", tmp_path)
    monkeypatch.setattr(start, "TOUR", tmp_path / "tour")
    monkeypatch.setattr(start, "PYTHON", tmp_path / "python")
    monkeypatch.setattr(start.subprocess, "run", runs)
    (tmp_path / "requirements.txt").write_text("Django\n")
    chapter = tmp_path / "chapters" / "05"
    chapter.mkdir(parents=True)
    (chapter / "tour.txt").write_text('greet "Ada L" 3\ngreet Ada 0  # exit 2\n')
    return runs


@pytest.fixture
def begin(monkeypatch):
    def begin(*arguments):
        monkeypatch.setattr("sys.argv", ["start.py", *arguments])
        return start.main()

    return begin


def test_the_tour_runs_every_line_and_then_builds_the_site(runs, begin):
    runs.codes = {"greet Ada 0": 2}
    assert begin() == 0
    assert runs.lines[0].startswith("-m venv --clear")
    assert runs.lines[1:] == [
        "-m pip install --quiet -r requirements.txt",
        "manage.py migrate --verbosity 0",
        "manage.py load_demo",
        "manage.py migrate --verbosity 0",
        "manage.py load_demo",
        "manage.py greet Ada L 3",
        "manage.py greet Ada 0",
        "manage.py prepare_site",
        "-m mkdocs build --strict --quiet",
    ]


def test_a_second_run_installs_nothing(runs, begin):
    begin("test")
    start.PYTHON.touch()
    runs.lines.clear()
    begin("test")
    assert not any("pip" in line or "venv" in line for line in runs.lines)


def test_a_changed_requirement_is_installed(runs, begin):
    begin("test")
    (start.ROOT / "requirements.txt").write_text("Django>=5.2\n")
    runs.lines.clear()
    begin("test")
    assert "-m pip install --quiet -r requirements-dev.txt" in runs.lines


def test_a_line_of_the_tour_that_ends_otherwise_stops_it(runs, begin):
    with pytest.raises(start.StopError, match=r"chapters.05.tour\.txt: exit code 0, not 2: greet"):
        begin()


def test_arguments_after_test_go_to_pytest(runs, begin):
    assert begin("test", "chapters/05", "-k", "dry_run") == 0
    assert runs.lines[-1] == "-m pytest chapters/05 -k dry_run"


def test_a_failing_suite_is_a_failing_command(runs, begin):
    runs.codes = {"-m pytest": 1}
    assert begin("test") == 1


def test_site_prepares_the_site_and_serves_it(runs, begin):
    assert begin("site") == 0
    assert runs.lines[-2:] == ["manage.py prepare_site", "-m mkdocs serve --livereload"]


@pytest.mark.parametrize("arguments", [["serve"], ["site", "now"]])
def test_unknown_words_are_refused(runs, begin, arguments):
    with pytest.raises(start.StopError, match="^usage: "):
        begin(*arguments)
    assert runs.lines == []


def test_an_old_python_is_told_what_is_needed(runs, begin, monkeypatch):
    monkeypatch.setattr("sys.version_info", (3, 9, 1))
    with pytest.raises(start.StopError, match=r"needs Python 3\.11 or newer"):
        begin()
    assert runs.lines == []


@pytest.mark.parametrize(
    ("failing", "said"),
    [
        ("-m venv", "could not make a virtual environment"),
        ("-m pip", "Check the network and the free disk space"),
        ("migrate", "`python manage.py migrate` failed"),
        ("prepare_site", "The site could not be prepared"),
        ("-m mkdocs", "The site could not be built"),
    ],
)
def test_a_step_that_fails_is_named_in_one_line(runs, begin, failing, said):
    runs.codes = {failing: 1, "greet Ada 0": 2}
    runs.stderr = "ERROR: No matching distribution found\nnotice: a new pip\n"
    with pytest.raises(start.StopError, match=said) as caught:
        begin()
    assert "\n" not in str(caught.value)


def test_the_error_of_pip_is_passed_on(runs, begin):
    runs.codes = {"-m pip": 1}
    runs.stderr = "ERROR: No matching distribution found\nnotice: a new pip\n"
    with pytest.raises(start.StopError, match="ERROR: No matching distribution found$"):
        begin()


def test_the_shell_does_not_decide_what_the_tour_works_on(runs, begin, monkeypatch):
    seen = []
    monkeypatch.setenv("DATABASE_URL", "postgres://production/shop")
    monkeypatch.setenv("DJANGO_DEBUG", "0")

    def call(*line, env=None):
        seen.append(env)
        return 2 if line[1:] == ("greet", "Ada", "0") else 0

    monkeypatch.setattr(start, "call", call)
    begin()
    assert seen
    assert not any("DATABASE_URL" in env or "DJANGO_DEBUG" in env for env in seen)
