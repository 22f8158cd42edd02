import re
import shutil
import sys

import pytest

from shared_project.chapters import ROOT
from tools.site.transcripts import parse

pytestmark = pytest.mark.posix
if sys.platform != "win32":
    from tools.site import replay
    from tools.site.replay import (
        ReplayError,
        Shell,
        copy_course,
        link_modules,
        make_environment,
        replay_page,
    )

# The pages on which something can be run.
PAGES = sorted(
    page.relative_to(ROOT)
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    if page.parent.name != "files"
    and re.search("^ *```(console|python)", page.read_text(encoding="utf-8"), re.MULTILINE)
)


@pytest.fixture(scope="session")
def course(tmp_path_factory):
    course = tmp_path_factory.mktemp("template") / "course"
    copy_course(course)
    return course


# The README's commands set a machine up, which CI does before its tests.
LONG = {"README.md"}


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=pytest.mark.full if page.name in LONG else ()) for page in PAGES],
    ids=str,
)
def test_a_page_shows_what_its_commands_print(page, course, tmp_path, pytestconfig):
    folder = tmp_path / "course"
    # Not what npm has installed, either: it is a link, and a hundred times as large.
    shutil.copytree(course, folder, symlinks=True)
    make_environment(folder / ".venv")
    update = pytestconfig.getoption("update_transcripts")
    problems = replay_page(ROOT / page, Shell(folder), update=update)
    assert not problems, "\n\n".join(
        [*problems, "`pytest --update-transcripts` rewrites the page. Then read the diff."]
    )


@pytest.fixture
def shell(tmp_path):
    (tmp_path / "course").mkdir()
    return Shell(tmp_path / "course")


def run(shell, *lines, info=""):
    return [command.output for command in shell.replay(parse(info, [*lines])).commands]


def test_stdout_and_stderr_come_in_order(shell):
    assert run(shell, "$ echo a; echo b >&2; echo c") == [["a", "b", "c"]]


def test_exports_folders_and_exit_codes_hold_for_the_next_command(shell):
    lines = ["$ export NAME='Ada L'; mkdir sub; cd sub; false; true", "$ echo $? $NAME $PWD"]
    assert run(shell, *lines) == [[], ["0 Ada L /home/ada/course/sub"]]
    with pytest.raises(ReplayError):
        run(shell, "$ exit 3")
    run(shell, "$ (exit 3)", info=' exit="3"')
    assert run(shell, "$ echo $?") == [["3"]]


def test_a_fresh_block_begins_without_a_database(shell):
    run(shell, "$ mkdir var; touch var/db.sqlite3")
    assert run(shell, "$ ls var", info=" fresh") == [[]]


def test_what_this_shell_has_set_does_not_count(shell, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://nowhere/")
    assert run(shell, "$ echo $DATABASE_URL") == [[""]]


@pytest.mark.parametrize(
    ("lines", "info", "said"),
    [
        (["$ false", "$ true"], "", "exit code 1, not 0: false"),
        (["$ true"], ' exit="1"', "exit code 0, not 1: true"),
        (["$ echo a"], ' after="b" typed="c"', "never printed 'b': a"),
    ],
)
def test_what_a_page_cannot_show_is_an_error(shell, lines, info, said):
    with pytest.raises(ReplayError, match=said):
        run(shell, *lines, info=info)


def test_a_command_that_does_not_end_is_an_error(shell, monkeypatch):
    monkeypatch.setattr(replay, "SECONDS", 0.2)
    monkeypatch.setattr(replay, "GRACE", 0.1)
    with pytest.raises(ReplayError, match="no end after"):
        run(shell, "$ echo a; sleep 30")


def test_a_terminal_has_colors_and_80_columns(shell):
    code = r"printf '\033[1;31mno\033[0m \033[33;44myes\033[0m\nwork\rW'; test -t 2; tput cols"
    assert run(shell, f"$ {code}", info=" terminal") == [["␛[1;31mno␛[0m ␛[33;44myes␛[0m", "W80k"]]


def test_a_pipe_is_no_terminal(shell):
    run(shell, "$ test -t 1", info=' exit="1"')


def test_a_long_line_is_folded_and_empty_lines_at_the_end_go(shell):
    assert run(shell, "$ printf '%0100d\n\n\n' 1", info=" terminal") == [
        ["0" * 80, "0" * 19 + "1"]
    ]


def test_an_answer_is_typed_when_the_question_has_come(shell):
    lines = ["$ sleep 0.1; read -p 'go on? ' answer; echo \"got $answer\""]
    info = ' terminal after="go on? " typed="yes"'
    assert run(shell, *lines, info=info) == [["go on? yes", "got yes"]]


def test_ctrl_c_is_a_key_of_the_terminal(shell):
    code = "import time; print('working'); time.sleep(60)"
    info = ' terminal exit="130" after="working" typed="^C"'
    ((*_, last),) = run(shell, f'$ python -c "{code}"; exit $?', info=info)
    assert "KeyboardInterrupt" in last  # in color on newer Pythons


def test_a_signal_reaches_the_command_and_not_the_shell(shell):
    info = ' exit="143" after="working" signal="TERM"'
    assert run(shell, "$ echo working; sleep 60", info=info)[0][0] == "working"
    assert run(shell, "$ echo alive") == [["alive"]]


def test_a_signal_that_is_not_noticed_is_sent_again(shell, monkeypatch):
    monkeypatch.setattr(replay, "PATIENCE", 0.2)
    (shell.folder / "deaf.py").write_text(
        "import signal, sys, time\n"
        "got = []\n"
        "signal.signal(signal.SIGTERM, lambda *_: got.append(1) or len(got) < 2 or sys.exit(3))\n"
        "print('working')\n"
        "while True: time.sleep(0.1)\n"
    )
    run(shell, "$ python deaf.py", info=' exit="3" after="working" signal="TERM"')


@pytest.fixture
def page(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("See:\n\n1. So\n\n    ```console\n    $ echo a\n    b\n    ```\n\nEnd\n")
    return page


def test_a_page_that_shows_something_else_is_found(shell, page):
    before = page.read_text()
    (problem,) = replay_page(page, shell)
    assert problem.startswith("page.md, line 5:\n")
    assert "-b\n+a" in problem
    assert page.read_text() == before


def test_an_update_writes_what_is_printed_and_nothing_else(shell, page):
    before = page.read_text()
    assert replay_page(page, shell, update=True) == []
    assert page.read_text() == before.replace("    b\n", "    a\n")
    assert replay_page(page, shell) == []


def test_an_update_does_not_accept_a_wrong_exit_code(shell, page):
    page.write_text("```console\n$ false\n```\n\n```console\n$ echo\nb\n```\n")
    (problem,) = replay_page(page, shell, update=True)
    assert problem.endswith("line 1: exit code 1, not 0: false\n")
    assert page.read_text().endswith("$ echo\n\n```\n")


def test_output_that_looks_like_a_command_cannot_be_shown(shell, page):
    page.write_text("```console\n$ echo '$ true'\n…\n```\n")
    assert replay_page(page, shell) == []
    page.write_text("```console\n$ echo '$ true'\n```\n")
    (problem,) = replay_page(page, shell, update=True)
    assert problem == "page.md, line 1: a line of output looks like a command: $ true"


def test_python_on_a_page_is_run(shell, page):
    page.write_text("```python\nx = 1\n```\n\n```python\nassert x == 2\n```\n")
    (problem,) = replay_page(page, shell)
    assert problem.startswith("page.md, line 5: ")


def test_a_shop_that_cannot_be_loaded_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(Shell, "run_plainly", lambda *_: (["no"], 1))
    with pytest.raises(ReplayError, match="`python manage.py migrate -v 0` failed\nno"):
        copy_course(tmp_path / "course")


@pytest.mark.parametrize("installed", [True, False])
def test_what_npm_has_installed_is_found_in_a_copy(tmp_path, installed):
    root, copy = tmp_path / "course", tmp_path / "copy"
    for folder in (root, copy):
        (folder / "tools/terminal").mkdir(parents=True)
    if installed:
        (root / "tools/terminal/node_modules/diff").mkdir(parents=True)
    link_modules(copy, root)
    assert (copy / "tools/terminal/node_modules/diff").is_dir() == installed


def test_a_page_installs_into_the_environment_of_its_own(shell):
    make_environment(shell.folder / ".venv")
    where, there = run(
        shell, "$ source .venv/bin/activate", "$ command -v pip", "$ pip --version"
    )[1:]
    assert where == ["/home/ada/course/.venv/bin/pip"]
    assert there[0].startswith("pip ")
