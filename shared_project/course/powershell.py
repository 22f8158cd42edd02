"""The same commands in PowerShell, for the tab "Windows" beside a console block.

No test can run these lines, so each rule is narrow. It knows what the pages use, and gives what
means the same in Windows PowerShell 5 and in PowerShell 7. Anything else is a TranscriptError,
which fails the build: a page shows a right line or none. A block that is the same in both shells
gets no tabs.
"""

import re
from html import escape
from itertools import chain, repeat

from shared_project.course.transcripts import Transcript, TranscriptError, to_html

# What PowerShell lacks. Windows has a `timeout`, which only waits.
ABSENT = {"cut", "timeout", "tr", "yes"}
TOKEN = re.compile(
    r"""[ ]*(?:
        (?P<continued>\\\n)
      | (?P<redirection>2>&1|(?:2?>|<)[ ]*/dev/null)
      | (?P<pipe>\|(?!\|))
      | (?P<word>(?:\$'(?:[^'\\]|\\.)*'|'[^']*'|"[^"]*"|[^\s'"|<>&;])+)
    )""",
    re.VERBOSE,
)
ASSIGNMENT = re.compile(r"([A-Z_]+)=([\w./:-]+)")
COUNT = re.compile(r"-(\d+)")
FILE = re.compile(r"[\w./][\w./-]*")
# Not `-a.b`, which PowerShell takes apart, and nothing that either shell expands.
PLAIN = re.compile(r"(?!-[A-Za-z]\w*[.:])[\w./:=+-][\w./:=+@-]*", re.ASCII)
QUOTED = re.compile(r"""'[^']+'|"[^"$`\\]+\"""")
ESCAPED = re.compile(r"""\$'((?:[^'"$`\\]|\\n)+)'""")
# PowerShell reads typographic quotes as quotes.
CURLY = re.compile("[\u2018-\u201e]")
CONTINUED = "`\n"
REDIRECTIONS = {
    "2>&1": "2>&1",
    "2>/dev/null": "2> $null",
    ">/dev/null": "> $null",
}


class AbsentError(TranscriptError):
    """PowerShell has nothing like it; the message names it."""


def translate(line: str) -> list[str]:
    """Return the commands for PowerShell that do what `line` does in bash.

    Raises AbsentError where there are none, TranscriptError where none are known.
    """
    stages = parse(line)
    for words, _ in stages:
        if words[:1] and words[0] in ABSENT:
            raise AbsentError(words[0])
        if words == ["cat", "-v"]:
            raise AbsentError("cat -v")
    if stages == [(["source", ".venv/bin/activate"], [])]:
        # -Force asks nothing. A question would swallow the next line of what was pasted.
        return [
            "Set-ExecutionPolicy -Scope Process RemoteSigned -Force",
            r".venv\Scripts\Activate.ps1",
        ]
    before, after = [], []
    words = stages[0][0]
    while words and (assignment := ASSIGNMENT.fullmatch(words[0])):
        name, value = assignment.groups()
        before.append(f"$env:{name} = '{value}'")
        after.append(f"Remove-Item Env:{name}")
        words.pop(0)
    # Not `cmd /c "… < NUL"`: Windows calls NUL a terminal.
    parts = ["@()"] if "</dev/null" in stages[0][1] else []
    for index, (words, redirections) in enumerate(stages):
        shown = [command(words, piped=bool(index))]
        for redirection in redirections:
            if redirection == "</dev/null" and index == 0:
                continue
            if redirection not in REDIRECTIONS or (
                redirection != "2>&1" and "2>&1" in redirections
            ):
                raise unknown(line)
            shown.append(REDIRECTIONS[redirection])
        parts.append(" ".join(shown))
    return [*before, " | ".join(parts).replace(f"{CONTINUED} ", CONTINUED), *after]


def parse(line):
    """Return the words and the redirections of each command of a pipe."""
    stages = [([], [])]
    position, line = 0, line.rstrip()
    while position < len(line):
        token = TOKEN.match(line, position)
        if not token:
            raise unknown(line)
        words, redirections = stages[-1]
        if token["continued"]:
            words.append(CONTINUED)
        elif token["redirection"]:
            redirections.append(token["redirection"].replace(" ", ""))
        elif token["pipe"]:
            stages.append(([], []))
        else:
            words.append(token["word"])
        position = token.end()
    return stages


def command(words, *, piped):
    """Return one command of a pipe. `piped` says whether it reads what another one prints."""
    match words:
        case ["python" | "pytest" | "pip", *_] if not piped or words[0] == "python":
            return " ".join(map(quoted, words))
        case ["python3", *rest] if not piped:
            return " ".join(map(quoted, ["py", *rest]))
        case ["echo", "$?"] if not piped:
            return "$LASTEXITCODE"
        case ["echo", word] if not piped and word.isalnum():
            return f"echo {word}"
        # Windows has these names too, for Get-Content and Move-Item.
        case ["cat", file] if not piped and FILE.fullmatch(file):
            return f"cat {file}"
        case ["mv", old, new] if not piped and FILE.fullmatch(old) and FILE.fullmatch(new):
            return f"mv {old} {new}"
        case ["rm", *files] if not piped and files and all(map(FILE.fullmatch, files)):
            return f"Remove-Item {', '.join(files)}"
        case ["head", count, file] if not piped and COUNT.fullmatch(count):
            return f"Get-Content {quoted(file)} -TotalCount {count[1:]}"
        case ["tail", count, file] if not piped and COUNT.fullmatch(count):
            return f"Get-Content {quoted(file)} -Tail {count[1:]}"
        case ["wc", "-l", file] if not piped:
            return f"(Get-Content {quoted(file)}).Count"
        case ["find", folder, "-name", pattern] if not piped and FILE.fullmatch(folder):
            return f"Get-ChildItem {folder} -Recurse -Name -Filter {quoted(pattern)}"
        case ["head", count] if piped and COUNT.fullmatch(count):
            return f"Select-Object -First {count[1:]}"
        case ["tail", count] if piped and COUNT.fullmatch(count):
            return f"Select-Object -Last {count[1:]}"
        case ["tail", "-n", count] if piped and count.isdecimal():
            return f"Select-Object -Last {count}"
        case ["grep", text] if piped and text.strip("'").replace(" ", "").isalnum():
            return f"Select-String -CaseSensitive {quoted(text)}"
        case ["sort"] if piped:
            return "Sort-Object"
    raise unknown(" ".join(words))


def quoted(word):
    """Return a word of a command so that PowerShell passes the same text on."""
    if CURLY.search(word):
        raise TranscriptError(f"PowerShell takes typographic quotes for quotes: {word}")
    if word in ("''", '""'):
        raise TranscriptError("PowerShell 5 drops an empty argument: write --option= instead")
    if word.startswith("'") and '"' in word:
        raise TranscriptError(
            f"PowerShell 5 and 7 pass on double quotes in different ways: {word}; "
            "put single quotes inside double ones"
        )
    if word == CONTINUED or PLAIN.fullmatch(word) or QUOTED.fullmatch(word):
        return word
    if escaped := ESCAPED.fullmatch(word):
        return '"{}"'.format(escaped[1].replace(r"\n", "`n"))
    raise unknown(word)


def unknown(text):
    return TranscriptError(f"no rule for PowerShell (see powershell.py): {text}")


def translate_block(transcript: Transcript) -> list[str] | None:
    """Return a block's commands for PowerShell, or None where they are the same.

    Raises AbsentError where there are none, TranscriptError where none are known.
    """
    signal = transcript.options.get("signal", "INT")
    if signal != "INT":
        raise AbsentError(f"SIG{signal}")
    ours = [command.line for command in transcript.commands]
    theirs = [*chain.from_iterable(map(translate, ours))]
    return theirs if theirs != ours else None


def tabs(transcript: Transcript, store, build: str | None = None) -> list[str]:
    """Return the lines of Markdown that show a block: in tabs where Windows differs.

    `store` keeps HTML out of Markdown's way, and returns what stands for it. `build` names the
    terminal that is packed with the site.
    """
    ours = store(to_html(transcript, build))
    try:
        commands = translate_block(transcript)
        if commands is None:
            return [ours]
        theirs = store(windows_html(commands))
    except AbsentError as absent:
        theirs = (
            f"This part needs the `{absent}` of Linux. To follow it on Windows, use the "
            "[Windows Subsystem for Linux](https://learn.microsoft.com/windows/wsl/install)."
        )
    # The exclamation mark begins a new set of tabs, also right below another one.
    return [
        '===! "Linux and macOS"',
        "",
        f"    {ours}",
        "",
        '=== "Windows"',
        "",
        f"    {theirs}",
    ]


def windows_html(commands):
    """Return commands for PowerShell as HTML, in the form of a transcript without output."""
    lines = [
        f'<span class="gp">{escape(prompt)} </span><b>{escape(line)}</b>\n'
        for command in commands
        for prompt, line in zip(chain(["PS>"], repeat(">>")), command.split("\n"), strict=False)
    ]
    copied = escape("\n".join(commands))
    return (
        f'<div class="highlight powershell" data-copy="{copied}">'
        f"<pre><code>{''.join(lines)}</code></pre></div>"
    )
