import os
import re
import subprocess
import sys

import pytest

from shared_project.chapters import ROOT, Chapter, discover
from tools.site import reference
from tools.site.reference import (
    SHARED,
    Claim,
    ClaimError,
    as_html,
    behavior_table,
    command_list,
    help_of,
    load,
    load_shared,
)

TEST = "tests/test_report.py::test_reports"
ENTRY = f"""
[report]
reads = ["the orders", "{TEST}"]
writes = ["a `file`", "{TEST}"]
[report.exit_codes]
0 = [["all is written", "{TEST}"]]
"""


@pytest.fixture
def links(monkeypatch):
    """Let a link be the path and the line that it leads to."""
    monkeypatch.setattr("tools.site.sources.href", lambda path, line: f"{path}:{line}")


@pytest.fixture
def chapter(tmp_path):
    """A tenth chapter with the command `report`, and a function that writes its reference.toml."""
    folder = tmp_path / "chapters" / "10"
    commands = folder / "reports" / "management" / "commands"
    commands.mkdir(parents=True)
    (commands / "report.py").touch()
    (commands / "_private.py").touch()
    (folder / "tests").mkdir()
    (folder / "tests" / "test_report.py").write_text("\n\ndef test_reports():\n    pass\n")

    def loaded(text):
        (folder / "reference.toml").write_text(text)
        return load(Chapter("10", folder, "reports"), tmp_path)

    return loaded


@pytest.mark.parametrize("chapter", discover(), ids=lambda chapter: chapter.number)
def test_every_command_of_a_chapter_is_documented_and_every_claim_has_its_test(chapter):
    assert load(chapter)


def test_what_holds_for_every_command_has_its_tests():
    assert load_shared().exit_codes.keys() == {"0", "1", "2", "130", "141", "143"}


def test_an_entry_says_what_the_command_does_and_which_test_proves_it(chapter):
    entry = chapter(ENTRY)["report"]
    assert entry.writes == Claim("a `file`", "chapters/10/tests/test_report.py", 3)
    assert [claim.text for claim in entry.exit_codes["0"]] == ["all is written"]


def test_a_proof_may_be_a_test_of_all_commands(chapter, tmp_path):
    shared = tmp_path / "shared_project" / "tests"
    shared.mkdir(parents=True)
    (shared / "test_all.py").write_text("def test_all(): pass\n")
    text = ENTRY.replace(TEST, "shared_project/tests/test_all.py::test_all", 1)
    assert chapter(text)["report"].reads == Claim(
        "the orders", "shared_project/tests/test_all.py", 1
    )


def test_a_behavior_without_a_test_is_a_reason(chapter):
    entry = chapter(ENTRY + '[report.behaviors]\ndry_run = "not needed: it only reads"\n')
    assert entry["report"].behaviors == {"dry_run": Claim("not needed: it only reads")}


def test_a_test_that_was_renamed_is_noticed_in_the_same_process(chapter, tmp_path):
    chapter(ENTRY)
    file = tmp_path / "chapters" / "10" / "tests" / "test_report.py"
    file.write_text("def test_other(): pass\n")
    os.utime(file, ns=(0, 0))
    with pytest.raises(ClaimError, match="no test"):
        chapter(ENTRY)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "reference.toml: add [report]: what the command reads, writes and returns"),
        (ENTRY + "[nope]\n", "[nope] is no command of the chapter; remove the entry"),
        (ENTRY.replace("reads", "# "), "[report] must say reads, writes and exit code 0"),
        (ENTRY.replace("writes", "# "), "[report] must say reads, writes and exit code 0"),
        (ENTRY.replace("\n0 =", "\n1 ="), "[report] must say reads, writes and exit code 0"),
        (ENTRY.replace("test_reports", "test_gone"), "no test tests/test_report.py::test_gone"),
        (ENTRY.replace("test_report.py", "test_gone.py"), "no test tests/test_gone.py::"),
        (ENTRY.replace("the orders", "x") + '[report.behaviors]\nfast = "yes"', "unknown: fast"),
        (ENTRY.replace("[report.exit", "[report.exits"), "[report]: unknown: exits_codes"),
        (ENTRY.replace(f', "{TEST}"', "", 1), "must be a text and a test"),
        (ENTRY.replace("::", ":"), "must be a text and a test"),
        (ENTRY.replace(f'["the orders", "{TEST}"]', "3"), "must be a text and a test"),
        ("[report", "chapters/10/reference.toml: "),
    ],
)
def test_what_is_missing_wrong_or_not_proven_is_refused(chapter, text, said):
    with pytest.raises(ClaimError, match=re.escape(said)):
        chapter(text)


def test_a_chapter_without_the_file_is_told_to_add_it(chapter, tmp_path):
    folder = tmp_path / "chapters" / "10"
    with pytest.raises(ClaimError, match=r"^chapters/10/reference.toml is missing: add it$"):
        load(Chapter("10", folder, "reports"), tmp_path)


def test_text_is_escaped_and_code_is_marked_up():
    assert as_html("a < `b & c`") == "a &lt; <code>b &amp; c</code>"


def test_the_commands_are_listed_with_their_help_and_their_claims(links):
    text = "\n".join(command_list())
    for chapter in discover():
        for name in load(chapter):
            assert f"\n### {name}\n\n```text\nusage: manage.py {name}" in text
    assert "\n## 2. Arguments\n\nFrom [chapter 2](../chapters/02-greet.md).\n" in text
    assert '<th scope="row">Exit code 2</th><td><a href="chapters/02/tests/test_gr' in text
    assert f'<a href="{SHARED}' not in text
    assert "| head -1</code>; what was committed before stays</a>" in text


def test_exit_codes_come_in_the_order_of_their_numbers(links):
    text = "\n".join(command_list()).split("## 1. ")[0]
    codes = [int(code) for code in re.findall(r'<th scope="row">(\d+)</th>', text)]
    assert codes == sorted(codes)
    assert codes[-1] == 143


def test_the_projects_own_commands_are_listed_and_djangos_are_not(links):
    text = "\n".join(command_list())
    assert "\n### load_demo\n" in text
    assert "\n### migrate\n" not in text


def test_the_options_of_every_command_stand_once(links):
    text = "\n".join(command_list())
    for option in ("--help", "--version", "--pythonpath", "--skip-checks"):
        assert text.count(f"  {option} ") + text.count(f", {option} ") == 1


def test_nothing_on_the_page_names_a_folder_of_this_machine(links):
    assert str(ROOT) not in "\n".join(command_list())


def test_help_is_as_wide_as_80_columns_whatever_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    lines = help_of("export_users", "export").splitlines()
    assert 70 < max(map(len, lines)) <= 78


def test_help_has_no_colors(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" not in help_of("greet", "greet")


def test_the_table_says_in_words_what_holds_and_links_to_its_test(links):
    lines = behavior_table()
    row = next(line for line in lines if ">import_products<" in line)
    assert row.startswith('<tr><th scope="row"><a href="commands.html#import_products">')
    assert re.search(r'<a href="chapters/05/tests/\w+.py:\d+">yes: the same numbers</a>', row)
    assert sum(line.startswith("<tr><th scope") for line in lines) == len(
        [name for chapter in discover() for name in load(chapter)]
    )


def test_what_holds_for_every_command_is_in_every_row_unless_it_says_more(links, monkeypatch):
    rows = [line for line in behavior_table() if line.startswith("<tr>")]
    proof = '<a href="shared_project/tests/test_every_command.py:'
    assert rows[0].count(proof) == 1
    assert all(row.count("<td>") == len(reference.BEHAVIORS) for row in rows)
    assert not any(row.endswith("does not apply</td></tr>") for row in rows)
    assert rows[2].endswith("</code> stdout holds nothing but the data</a></td></tr>")


def test_the_site_can_be_built_where_django_is_not_set_up_and_there_is_no_database(tmp_path):
    code = (
        "from tools.site import reference, sources\n"
        "sources.href = lambda path, line: ''\n"
        "print(len(reference.command_list()))"
    )
    env = {
        name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"
    } | {"DATABASE_URL": f"sqlite:///{tmp_path}/none/db.sqlite3"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 200
