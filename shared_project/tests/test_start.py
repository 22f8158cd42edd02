import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import start


class Runs:
    """Stands in for subprocess.run: keeps the command lines, and answers with `codes`."""

    def __init__(self):
        self.lines = []
        self.codes = {}
        self.stdout = ""
        self.stderr = ""
        self.env = {}

    def __call__(self, command, **options):
        line = " ".join(map(str, command[1:]))
        self.lines.append(line)
        self.env[line] = options["env"]
        code = next((code for text, code in self.codes.items() if text in line), 0)
        return subprocess.CompletedProcess(command, code, self.stdout, self.stderr)


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
    (tmp_path / "constraints.txt").touch()
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
    beside = runs.lines.index("-m tools.site")
    assert runs.lines.index("manage.py load_demo") < beside
    del runs.lines[beside]  # it runs beside the tour
    assert runs.lines[1:] == [
        "-m pip config list",
        "-m pip install --quiet -r requirements.txt -c constraints.txt",
        "manage.py migrate --verbosity 0",
        "manage.py load_demo",
        "manage.py migrate --verbosity 0",
        "manage.py load_demo",
        "manage.py greet Ada L 3",
        "manage.py greet Ada 0",
        "-m tools.site",
        "-m mkdocs build --strict",
    ]


def test_a_second_run_installs_nothing(runs, begin):
    begin("test")
    start.PYTHON.touch()
    runs.lines.clear()
    begin("test")
    assert not any("pip install" in line or "venv" in line for line in runs.lines)


@pytest.mark.parametrize("name", ["requirements.txt", "constraints.txt"])
def test_a_changed_requirement_is_installed(runs, begin, name):
    begin("test")
    (start.ROOT / name).write_text("Django>=5.2\n")
    runs.lines.clear()
    begin("test")
    assert "-m pip install --quiet -r requirements-dev.txt -c constraints.txt" in runs.lines


def test_a_line_of_the_tour_that_ends_otherwise_stops_it(runs, begin):
    with pytest.raises(start.StopError, match=r"chapters.05.tour\.txt: exit code 0, not 2: greet"):
        begin()


def test_arguments_after_test_go_to_pytest(runs, begin):
    assert begin("test", "chapters/05", "-k", "dry_run") == 0
    assert runs.lines[-1] == "-m pytest -n auto --dist worksteal chapters/05 -k dry_run"


def test_a_failing_suite_is_a_failing_command(runs, begin):
    runs.codes = {"-m pytest -n auto --dist worksteal": 1}
    assert begin("test") == 1


def test_site_prepares_the_site_and_serves_it(runs, begin):
    assert begin("site") == 0
    assert runs.lines[-2:] == ["-m tools.site", "-m mkdocs serve"]


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
        ("-m pip install", "pip could not install requirements.txt. ERROR: No matching"),
        ("-m pip config", "pip cannot read its settings. ERROR: No matching"),
        ("migrate", "`python manage.py migrate` failed"),
        ("tools.site", "The site could not be prepared"),
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
    runs.codes = {"-m pip install": 1}
    runs.stderr = "ERROR: No matching distribution found\nnotice: a new pip\n"
    with pytest.raises(start.StopError, match="ERROR: No matching distribution found$"):
        begin()


@pytest.mark.parametrize(
    ("stderr", "advice"),
    [
        ("WARNING: Retrying after connection broken by 'NewConnectionError'", "Check the network"),
        ("ERROR: Temporary failure in name resolution", "Check the network"),
        ("ERROR: ReadTimeoutError: Read timed out.", "Check the network"),
        ("ERROR: [Errno 28] No space left on device", "Free some disk space"),
        ("ERROR: [Errno 122] Disk quota exceeded", "Free some disk space"),
        ("ERROR: [SSL: CERTIFICATE_VERIFY_FAILED] connection", "Check pip's `cert` and `proxy`"),
        ("ERROR: Can not perform a '--user' install.", "ERROR: "),
        ("ERROR: Cannot install Django==4.2 and Django>=5.2", "ERROR: "),
    ],
)
def test_advice_is_what_the_error_supports(runs, begin, stderr, advice):
    runs.codes = {"-m pip install": 1}
    runs.stderr = stderr
    with pytest.raises(start.StopError) as caught:
        begin()
    assert str(caught.value).startswith(f"pip could not install requirements.txt. {advice}")


@pytest.mark.parametrize(("stderr", "helps"), [("ensurepip is not available", 1), ("Full", 0)])
def test_the_package_of_debian_is_named_where_it_is_missing(runs, begin, stderr, helps):
    runs.codes = {"-m venv": 1}
    runs.stderr = stderr
    with pytest.raises(start.StopError) as caught:
        begin()
    assert str(caught.value).count("apt install python3-venv") == helps


FOREIGN = {
    "PYTHONHOME": "/elsewhere",
    "PYTHONPATH": "/elsewhere",
    "PYTHONSAFEPATH": "1",
    "PYTHONWARNINGS": "error",
    "VIRTUAL_ENV": "/elsewhere",
    "DJANGO_SETTINGS_MODULE": "elsewhere.settings",
}


@pytest.mark.parametrize("mode", [[], ["site"], ["test"]])
def test_what_the_shell_is_set_to_for_another_project_reaches_nothing(
    runs, begin, monkeypatch, mode
):
    for name, value in FOREIGN.items():
        monkeypatch.setenv(name, value)
    runs.codes = {"greet Ada 0": 2}
    begin(*mode)
    assert not any(FOREIGN.keys() & env.keys() for env in runs.env.values())


def test_the_tests_get_the_shells_database(runs, begin, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://postgres@127.0.0.1:5432/course")
    begin("test")
    assert runs.lines[-1].startswith("-m pytest")
    assert runs.env[runs.lines[-1]]["DATABASE_URL"].endswith("/course")


def test_pip_keeps_the_settings_that_the_network_needs(runs, begin, monkeypatch):
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CERT", "/shell.pem")
    monkeypatch.setenv("PIP_INDEX_URL", "")
    monkeypatch.setenv("PIP_DRY_RUN", "1")
    runs.stdout = (
        "download.proxy='http://not-for-install'\n"
        "global.cert='/file.pem'\n"
        "global.index-url='https://mirror.example/simple'\n"
        "global.proxy='http://global'\n"
        "global.target='/elsewhere'\n"
        "install.proxy='http://install'\n"
        "install.user='true'\n"
    )
    begin("test")
    env = runs.env["-m pip install --quiet -r requirements-dev.txt -c constraints.txt"]
    assert {name: value for name, value in env.items() if name.startswith("PIP_")} == {
        "PIP_CERT": "/shell.pem",
        "PIP_INDEX_URL": "https://mirror.example/simple",
        "PIP_PROXY": "http://install",
        "PIP_CONFIG_FILE": os.devnull,
    }


@pytest.fixture
def checkout(monkeypatch, tmp_path):
    """A course of one module, with a wheel in the place of Django."""
    root = tmp_path / "the course #1, 100% Zoë's?"
    root.mkdir()
    monkeypatch.setattr(start, "ROOT", root)
    monkeypatch.setattr(start, "VENV", root / ".venv")
    monkeypatch.setattr(start, "PYTHON", root / start.PYTHON.relative_to(start.PYTHON.parents[2]))
    monkeypatch.chdir(root)
    with zipfile.ZipFile("tiny-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny.py", "")
        wheel.writestr("tiny-1.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(
            "tiny-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1\n"
        )
        wheel.writestr("tiny-1.dist-info/RECORD", "")
    Path("requirements.txt").write_text("./tiny-1-py3-none-any.whl\n")
    Path("constraints.txt").touch()
    return root


@pytest.mark.full
def test_packages_get_into_the_environment_whatever_pip_is_set_to(checkout, monkeypatch, tmp_path):
    settings = tmp_path / "pip.conf"
    settings.write_text(
        f"[global]\nuser = true\nquiet = 3\n[install]\ntarget = {tmp_path / 'target'}\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(settings))
    monkeypatch.setenv("PIP_USER", "1")
    monkeypatch.setenv("PIP_PREFIX", str(tmp_path / "prefix"))
    monkeypatch.setenv("PIP_ROOT", str(tmp_path / "root"))
    monkeypatch.setenv("PIP_DRY_RUN", "1")
    monkeypatch.setenv("PIP_REQUIRE_VIRTUALENV", "1")
    monkeypatch.setenv("PYTHONHOME", sys.base_prefix)
    start.make_environment()
    start.install("requirements.txt")
    done = subprocess.run(
        [start.PYTHON, "-c", "import tiny; print(tiny.__file__)"],
        env=start.inherited(),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert checkout / ".venv" in Path(done.stdout.strip()).parents


@pytest.fixture
def made(monkeypatch):
    """The environments that would be made: making one takes seconds."""

    def run(command, **variables):
        if "venv" not in command:
            return original(command, **variables)
        made.append(not start.VENV.is_file() and not start.VENV.is_symlink())
        return subprocess.CompletedProcess(command, 0, "", "")

    made, original = [], start.run_quietly
    monkeypatch.setattr(start, "run_quietly", run)
    return made


def works():
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], check=True)
    pip = next(Path(".venv").glob("[Ll]ib/**/site-packages")) / "pip"
    pip.mkdir()
    (pip / "__init__.py").touch()
    (pip / "__main__.py").touch()


def without_pip():
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], check=True)


def half_made():
    without_pip()
    Path(".venv/pyvenv.cfg").unlink()


def python_gone():
    start.PYTHON.parent.mkdir(parents=True)
    start.PYTHON.symlink_to("/gone/python3.11")


def a_file():
    Path(".venv").write_text("course\n")


def a_link():
    Path("elsewhere").mkdir()
    Path("elsewhere/mine.txt").touch()
    Path(".venv").symlink_to("elsewhere")


@pytest.mark.parametrize("broken", [without_pip, half_made, python_gone, a_file, a_link])
def test_an_environment_that_does_not_work_is_made_anew(checkout, made, broken):
    broken()
    start.make_environment()
    assert made == [True]
    assert broken is not a_link or Path("elsewhere/mine.txt").exists()


def test_an_environment_that_works_stays(checkout, made):
    works()
    start.make_environment()
    assert made == []


def test_an_environment_of_an_old_python_is_made_anew(checkout, made, monkeypatch):
    works()
    monkeypatch.setattr(start, "WORKS", start.WORKS.replace("(3, 11)", "(99,)"))
    start.make_environment()
    assert made == [True]
