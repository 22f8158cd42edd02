import re

import pytest
from markdown import Markdown

from shared_project.course.powershell import AbsentError, translate, translate_block
from shared_project.course.transcripts import TranscriptError, parse


@pytest.mark.parametrize(
    "line",
    [
        "python manage.py bulk_update --percentage -2.5 --category= -o - a/b.json",
        """python manage.py shell -v 0 -c "print(Product.objects.get(name='').price)\"""",
        "python manage.py greet 'Ada Lovelace' user@example.com",
        "pytest chapters/05",
        "pip install -r requirements.txt",
        "cat users.csv",
        "mv full_reset.json chapters/08/fixtures/",
        "echo n | python manage.py full_reset",
    ],
)
def test_what_is_the_same_in_both_shells_stays(line):
    assert translate(line) == [line]
    assert translate_block(parse("", [f"$ {line}"])) is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("python3 -m venv .venv", ["py -m venv .venv"]),
        (
            "source .venv/bin/activate",
            [
                "Set-ExecutionPolicy -Scope Process RemoteSigned -Force",
                r".venv\Scripts\Activate.ps1",
            ],
        ),
        ("echo $?", ["$LASTEXITCODE"]),
        ("rm a.csv b.csv", ["Remove-Item a.csv, b.csv"]),
        ("head -3 a.csv", ["Get-Content a.csv -TotalCount 3"]),
        ("tail -1 a.csv", ["Get-Content a.csv -Tail 1"]),
        ("wc -l a.csv", ["(Get-Content a.csv).Count"]),
        (
            'find chapters/01 -name "*.py" | sort',
            ['Get-ChildItem chapters/01 -Recurse -Name -Filter "*.py" | Sort-Object'],
        ),
        ("python a | head -3", ["python a | Select-Object -First 3"]),
        ("python a | tail -2", ["python a | Select-Object -Last 2"]),
        ("python a | tail -n 2", ["python a | Select-Object -Last 2"]),
        ("python a | grep Kite", ["python a | Select-String -CaseSensitive Kite"]),
        ("python a | grep 'A b'", ["python a | Select-String -CaseSensitive 'A b'"]),
        ("python a > /dev/null", ["python a > $null"]),
        ("python a 2>/dev/null | head -1", ["python a 2> $null | Select-Object -First 1"]),
        ("python a 2>&1 | tail -1", ["python a 2>&1 | Select-Object -Last 1"]),
        ("python a < /dev/null", ["@() | python a"]),
        (
            "python a < /dev/null 2>&1 | tail -1",
            ["@() | python a 2>&1 | Select-Object -Last 1"],
        ),
        (
            "A_B=c://d python a 2> /dev/null",
            ["$env:A_B = 'c://d'", "python a 2> $null", "Remove-Item Env:A_B"],
        ),
        (r"python a $'Ada!\nAll' 1", ['python a "Ada!`nAll" 1']),
        ('python a "b c" \\\n"d"', ['python a "b c" `\n"d"']),
    ],
)
def test_a_line_becomes_what_means_the_same(line, expected):
    assert translate(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "sed -i s/a/b/ c",  # no rule for the command
        "ls",
        "python a && python b",
        "python a; python b",
        "python a > b.txt",  # PowerShell 5 writes UTF-16
        "python a 2>&1 > /dev/null | tail -1",  # PowerShell drops both
        "python a | tail -1 < /dev/null",
        "python a | cat b",
        "cat a* ",
        "rm",
        "rm -r a",
        "mv a $b",
        "head -c3 a",
        "tail -f a",
        "find a",
        "wc a",
        "echo a b",
        "python a | head 3",
        "python a | tail -n +2",
        "python a | grep ^a",
        "python a | sort -r",
        "python a | pytest b",
        "python $HOME",
        'python "$HOME"',
        "python a*",
        "python a,b",
        "python @a",
        "python -a.b",
        "python a'b c'",
        r"python $'\x41'",
        "A=",
        "A=$(b) python",
    ],
)
def test_a_line_without_a_rule_is_an_error(line):
    with pytest.raises(TranscriptError, match="no rule for PowerShell"):
        translate(line)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("python a ''", "PowerShell 5 drops an empty argument"),
        ('python a ""', "PowerShell 5 drops an empty argument"),
        ("python a '\"b\"'", "put single quotes inside double ones"),
        ("python a 'b’c'", "typographic quotes"),
    ],
)
def test_what_two_versions_of_powershell_take_differently_is_an_error(line, said):
    with pytest.raises(TranscriptError, match=said):
        translate(line)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("timeout 1 python a", "timeout"),
        ("yes y | python a", "yes"),
        (r"python a | tr '\r' '~' | cut -c1-60", "tr"),
        ("python a 2>&1 > /dev/null | grep b | cat -v", "cat -v"),
    ],
)
def test_what_windows_lacks_is_named(line, word):
    with pytest.raises(AbsentError, match=f"^{word}$"):
        translate(line)


def test_windows_has_ctrl_c_and_no_other_signal():
    assert translate_block(parse(' after="a" signal="INT"', ["$ python a"])) is None
    with pytest.raises(AbsentError, match="SIGTERM"):
        translate_block(parse(' after="a" signal="TERM"', ["$ python a"]))


def render(*blocks):
    extensions = {
        "shared_project.course.extension": {},
        "pymdownx.superfences": {},
        "pymdownx.tabbed": {"alternate_style": True},
    }
    text = "\n\n".join(f"```console\n{block}\n```" for block in blocks)
    return Markdown(extensions=[*extensions], extension_configs=extensions).convert(text)


def test_a_block_that_is_the_same_has_no_tabs():
    assert "tabbed" not in render("$ python a\nb")


def test_each_block_that_differs_has_tabs_of_its_own():
    page = render("$ head -1 a\nb", "$ head -2 a\nb")
    assert page.count('<div class="tabbed-set tabbed-alternate"') == 2
    labels = re.findall(r'<label for="(\w+)">([^<]+)</label>', page)
    assert [text for _, text in labels] == ["Linux and macOS", "Windows"] * 2
    assert len({name for name, _ in labels}) == 4


def test_the_tab_for_windows_has_commands_and_copies_them():
    page = render('$ python "<a>" \\\n> b 2> /dev/null\nc\n$ echo $?\n0')
    assert page.count("<pre>") == 2
    copied = re.findall(r'class="highlight powershell" data-copy="(.*?)"', page, re.DOTALL)
    assert copied == ["python &quot;&lt;a&gt;&quot; `\nb 2&gt; $null\n$LASTEXITCODE"]
    shown = page[page.index("powershell") :]
    assert re.findall(r'<span class="gp">(.*?) </span><b>(.*?)</b>', shown) == [
        ("PS&gt;", "python &quot;&lt;a&gt;&quot; `"),
        ("&gt;&gt;", "b 2&gt; $null"),
        ("PS&gt;", "$LASTEXITCODE"),
    ]
    assert 'class="go"' not in shown


def test_where_windows_lacks_something_its_tab_says_so():
    page = render("$ yes | python a")
    assert "This part needs the <code>yes</code> of Linux." in page
    assert ">Windows Subsystem for Linux</a>" in page
    assert "powershell" not in page


def test_a_page_with_an_unknown_line_is_not_built():
    with pytest.raises(TranscriptError, match="no rule for PowerShell .*: sed"):
        render("$ sed a")
