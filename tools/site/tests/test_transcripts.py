import pytest
from markdown import Markdown

from shared_project.chapters import ROOT
from tools.site.in_browser import SET_UP
from tools.site.normalizers import normalize, record, same
from tools.site.transcripts import (
    Command,
    TranscriptError,
    parse,
    readme_block,
    to_html,
    to_lines,
)

LINES = ["$ greet \\", "> Ada", "Hello, Ada!", "> not typed", "$ true", "$ echo", ""]


def test_commands_continue_and_have_their_output():
    assert parse("", LINES).commands == [
        Command("greet \\\nAda", ["Hello, Ada!", "> not typed"]),
        Command("true", []),
        Command("echo", [""]),
    ]


def test_a_transcript_becomes_the_same_lines_again():
    assert to_lines(parse("", LINES)) == LINES


def test_options_have_values_or_stand_alone():
    transcript = parse(' terminal after="go on" typed="^C" exit="130"', ["$ full_reset"])
    assert transcript.options == {
        "terminal": "",
        "after": "go on",
        "typed": "^C",
        "exit": "130",
    }
    assert transcript.exit_codes == [130]


@pytest.mark.parametrize(
    ("info", "codes"), [("", [0, 0]), (' exit="1"', [0, 1]), (' exit="1 0"', [1, 0])]
)
def test_one_exit_code_is_that_of_the_last_command(info, codes):
    assert parse(info, ["$ one", "$ two"]).exit_codes == codes


@pytest.mark.parametrize(
    ("info", "lines", "said"),
    [
        ("", [], "a console block is empty"),
        ("", ["Hello"], "begins with `\\$ `, not with 'Hello'"),
        (' exti="1"', ["$ true"], "unknown options: exti"),
        (" exit=1", ["$ true"], "unknown options: exit=1"),
        (' exit="one"', ["$ true"], "exit must be a number"),
        (' exit="1 0"', ["$ true"], "1 commands, and other exit codes"),
        (' typed="yes"', ["$ true"], "after goes with typed or signal"),
        (' after="go on"', ["$ true"], "after goes with typed or signal"),
        (' varies="words"', ["$ true"], "only counts may vary"),
    ],
)
def test_a_block_that_cannot_be_run_again_is_an_error(info, lines, said):
    with pytest.raises(TranscriptError, match=said):
        parse(info, lines)


def html(info, *lines):
    return to_html(parse(info, [*lines]))


def test_a_block_that_can_run_says_which_commands_are_to_fail():
    block = parse(' exit="1 0" terminal', ["$ greet", "$ hello"])
    shown = to_html(block, "build")
    assert 'data-build="build" data-run="[&quot;greet&quot;, &quot;hello&quot;]"' in shown
    assert 'data-codes="[1, 0]" data-terminal=""' in shown
    assert "data-codes" not in to_html(parse(' exit="1"', ["$ greet"]), "build")


def test_a_block_that_a_browser_cannot_run_says_why():
    shown = to_html(parse("", ["$ python3 start.py"]), "build")
    assert 'data-build="build"' in shown
    assert "data-run" not in shown
    assert shown.endswith(f"<p>not in the browser: {SET_UP}</p></div>")


def test_a_copy_has_the_commands_and_nothing_else():
    assert 'data-copy="greet &lt;Ada&gt;\ntrue"' in html("", "$ greet <Ada>", "Hello", "$ true")


def test_commands_and_output_are_told_apart():
    assert html("", "$ greet <Ada>", "Hello, <Ada>!").count("&lt;Ada&gt;") == 3
    assert '<span class="gp">$ </span><b>greet' in html("", "$ greet")
    assert '<span class="go">Hello\n</span>' in html("", "$ greet", "Hello")
    assert '<span class="gp">&gt; </span><b>Ada</b>' in html("", "$ greet \\", "> Ada")


def test_colors_become_classes():
    shown = html(" terminal", "$ palette", "␛[1;31mERROR␛[0m", "␛[32ma␛[44mb␛[0m", "<plain>")
    assert '<span class="ansi-bold ansi-red">ERROR</span>\n' in shown
    assert '<span class="ansi-green">a</span><span class="ansi-on-blue">b</span>\n' in shown
    assert "&lt;plain&gt;\n</span>" in shown


@pytest.mark.parametrize("code", ["5", "38", "3", "99"])
def test_an_unknown_color_is_an_error(code):
    with pytest.raises(TranscriptError, match="unknown color"):
        html(" terminal", "$ palette", f"␛[{code}m")


@pytest.mark.parametrize(
    ("info", "note"),
    [
        ("", ""),
        (' exit="0"', ""),
        (' exit="2"', "<p>exit code 2</p>"),
        (' after="a" signal="INT"', "<p>Ctrl-C was pressed while it ran</p>"),
        (
            ' exit="143" after="a" signal="TERM"',
            "<p>SIGTERM was sent while it ran, exit code 143</p>",
        ),
    ],
)
def test_a_failing_exit_code_and_a_signal_are_shown(info, note):
    assert html(info, "$ true").endswith(f"</pre>{note}</div>")


def test_each_exit_code_is_shown_where_one_fails_amid_others():
    shown = to_html(parse(' exit="1 0"', ["$ false", "$ true"]))
    assert shown.endswith("<p>exit codes 1, 0</p></div>")


def render(text):
    extensions = ["tools.site.extension", "pymdownx.highlight", "pymdownx.superfences"]
    return Markdown(extensions=extensions).convert(text)


def test_a_console_block_on_a_page_is_rendered():
    page = render('See:\n\n```console exit="1"\n$ pytest\nno *name*\n```\n\nand *more*')
    assert "no *name*\n</span>" in page
    assert "<p>exit code 1</p></div>\n<p>and <em>more</em></p>" in page


def test_an_indented_block_stays_where_it_is():
    page = render("1. Run:\n\n    ```console\n    $ pytest\n      Hello\n    ```\n")
    assert page.index("<li>") < page.index("<b>pytest</b>") < page.index("</li>")
    assert '<span class="go">  Hello\n' in page


def test_a_console_block_inside_another_block_is_text():
    page = render("~~~~text\n```console\n$ greet\n```\n~~~~\n")
    assert "```console" in page
    assert "transcript" not in page


def test_a_block_without_an_end_is_an_error():
    with pytest.raises(TranscriptError, match="```console: the block has no end"):
        render("```console\n$ greet\n")


def test_a_page_can_show_a_block_of_the_readme(tmp_path):
    page = '```text\n$ a\n```\n\n```console exit="1"\n$ a\nA\n```\n\n```console\n$ b\n```\n'
    (tmp_path / "README.md").write_text(page.replace("text\n$ a", "text\nno"))
    assert readme_block("a", tmp_path) == ['```console exit="1"', "$ a", "A", "```"]
    assert readme_block("b", tmp_path) == ["```console", "$ b", "```"]
    with pytest.raises(TranscriptError, match="README.md runs no 'c'"):
        readme_block("c", tmp_path)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("Cutoff: 2026-08-25 04:00:41 UTC, 90", "Cutoff: TIME, 90"),
        ("database           12.6 ms  SQLite", "database MS  SQLite"),
        ("75.9 GB free", "FREE"),
        ("67%|████▋  | 200/300", "67%BAR 200/300"),
        ("2/3 [00:02<00:01, 98.21order/s]", "2/3 SPEED"),
        ("0/3 [00:00<?, ?order/s]", "0/3 SPEED"),
        ("=== 10 passed, 2 skipped in 2.31s ===", "10 passed, 2 skipped in SECONDS"),
        ("Changed 24 of 24 prices", "Changed 24 of 24 prices"),
    ],
)
def test_noise_is_replaced(text, normal):
    assert normalize(text) == normal


def test_counts_are_noise_where_that_is_asked():
    assert normalize("Linked 100 of 300", counts=True) == "Linked COUNT of COUNT"


@pytest.mark.parametrize(
    ("shown", "printed", "equal"),
    [
        (["a", "b"], ["a", "b"], True),
        (["a", "b"], ["a", "c"], False),
        (["a"], ["a", ""], False),
        (["a "], ["a"], False),
        (["a", "…", "c"], ["a", "b", "b", "c"], True),
        (["a", "…", "c"], ["a", "c"], True),
        (["…", "c"], ["a", "d"], False),
        (["…", "b", "…"], ["a", "b", "c"], True),
        (["a.c"], ["abc"], False),
        (["10 ms", " 1.0 ms"], ["10 ms", " 2.0 ms"], True),
    ],
)
def test_outputs_are_compared_to_the_byte_but_for_noise(shown, printed, equal):
    assert same(shown, printed) is equal


def test_what_is_recorded_leaves_out_as_much_as_before():
    assert record(["a"], ["x", "y"]) == ["x", "y"]
    assert record(["a", "…", "c"], ["x", "y", "z"]) == ["x", "…", "z"]
    assert record(["…", "c"], ["x", "y", "z"]) == ["…", "z"]
    assert record(["a", "…"], ["x", "y", "z"]) == ["x", "…"]


SHELLS = {"bash", "sh", "shell", "shell-session", "powershell", "ps1", "pwsh", "pwsh-session"}
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_command_stands_in_a_block_that_is_not_run(page):
    if page.parent.name == "files":
        return
    language = ""
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.strip().startswith("```"):
            language = line.strip().removeprefix("```").split(" ")[0]
            assert language not in SHELLS, line
        elif language != "console":
            assert not line.strip().startswith("$ "), line
