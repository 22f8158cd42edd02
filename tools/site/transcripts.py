"""Transcripts: what a page says that a shell printed, as `console` blocks.

    ```console exit="1"
    $ python manage.py bulk_update --percentage 10 --category Toy
    CommandError: No product is in the category 'Toy'. Did you mean 'Toys'?
    ```

A line that begins with `$ ` is a command, and lines that begin with `> ` right after it continue
it. What follows is its output, stdout and stderr as they came. A line `…` stands for lines that
the page leaves out. The tests run every block (see `replay.py`).

The options of a block:

- `exit="1"`: the exit code of its last command. Without it that is 0, as it is for the others.
  `exit="1 0"` has one for each command.
- `terminal`: the commands run on a terminal of 80 columns. What the terminal shows in the end is
  recorded, with its colors: `␛` stands for the escape character.
- `after="text"` with `typed="yes"` or `signal="TERM"`: once the text has appeared, this line is
  typed (`^C` and `^D` are the keys), or this signal is sent.
- `fresh`: the commands begin without a database, as after a clone.
- `varies="counts"`: how far a command came when it was stopped is not compared.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path

from markdown.preprocessors import Preprocessor

from shared_project.chapters import ROOT
from tools.site.in_browser import why_not

FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<language>[\w-]*)(?P<info>.*)$")
OPTION = re.compile(r'\s+(\w+)(?:="([^"]*)")?')
OPTIONS = {"exit", "terminal", "after", "typed", "signal", "varies", "fresh"}
LEFT_OUT = "…"
ESCAPE = "␛"
SGR = re.compile(rf"{ESCAPE}\[([\d;]*)m")
COLORS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"]


class TranscriptError(ValueError):
    """A console block is not of the form that can be run again."""


@dataclass(frozen=True)
class Command:
    """A command as it is typed, over one or several lines, and the lines that it printed."""

    line: str
    output: list[str]


@dataclass(frozen=True)
class Transcript:
    """A console block."""

    commands: list[Command]
    options: dict[str, str] = field(default_factory=dict)

    @property
    def exit_codes(self) -> list[int]:
        """The exit code of each command."""
        codes = [int(code) for code in self.options.get("exit", "0").split()]
        return codes if len(codes) > 1 else [0] * (len(self.commands) - 1) + codes

    def answered(self, outputs: list[list[str]]) -> "Transcript":
        """Return the same block with other outputs, one for each command."""
        pairs = zip(self.commands, outputs, strict=True)
        return replace(self, commands=[replace(command, output=new) for command, new in pairs])


def parse(info: str, lines: list[str]) -> Transcript:
    """Return the transcript with the options in `info` and these `lines`.

    Raises TranscriptError.
    """
    options = parse_options(info)
    commands = []
    for line in lines:
        if line.startswith("$ "):
            commands.append(Command(line[2:], []))
        elif not commands:
            raise TranscriptError(f"a console block begins with `$ `, not with {line!r}")
        elif line.startswith("> ") and not commands[-1].output:
            commands[-1] = Command(f"{commands[-1].line}\n{line[2:]}", [])
        else:
            commands[-1].output.append(line)
    if not commands:
        raise TranscriptError("a console block is empty")
    transcript = Transcript(commands, options)
    if len(transcript.exit_codes) != len(commands):
        raise TranscriptError(f"{len(commands)} commands, and other exit codes: {info.strip()}")
    return transcript


def parse_options(info: str) -> dict[str, str]:
    """Return the options that the words after `console` name. Raises TranscriptError."""
    options = {name: value or "" for name, value in OPTION.findall(info)}
    if OPTION.sub("", info).strip() or options.keys() - OPTIONS:
        raise TranscriptError(f"a console block with unknown options: {info.strip()}")
    if not re.fullmatch(r"\d+( \d+)*", options.get("exit", "0")):
        raise TranscriptError(f"exit must be a number, or one for each command: {info.strip()}")
    if ("after" in options) != bool(options.keys() & {"typed", "signal"}):
        raise TranscriptError(f"after goes with typed or signal: {info.strip()}")
    if options.get("varies", "counts") != "counts":
        raise TranscriptError(f"only counts may vary: {info.strip()}")
    return options


def to_lines(transcript: Transcript) -> list[str]:
    """Return the lines between the fences."""
    lines = []
    for command in transcript.commands:
        first, *rest = command.line.split("\n")
        lines += [f"$ {first}", *(f"> {line}" for line in rest), *command.output]
    return lines


def to_html(transcript: Transcript, build: str | None = None) -> str:
    """Return the block as HTML. Its copy button copies the commands and nothing else.

    `build` names the terminal that is packed with the site; without it the block cannot be run.
    """
    parts = []
    for command in transcript.commands:
        prompts = ["$", *(">" for _ in command.line.split("\n")[1:])]
        for prompt, line in zip(prompts, command.line.split("\n"), strict=True):
            parts.append(f'<span class="gp">{escape(prompt)} </span><b>{escape(line)}</b>\n')
        if command.output:
            parts.append(f'<span class="go">{colored(command.output)}</span>')
    lines = [command.line for command in transcript.commands]
    attributes = {"class": "highlight transcript", "data-copy": "\n".join(lines)}
    reason = why_not(lines)
    if build:
        attributes["data-build"] = build
        if not reason:
            attributes["data-run"] = json.dumps(lines)
            if any(transcript.exit_codes[:-1]):
                attributes["data-codes"] = json.dumps(transcript.exit_codes)
        if "terminal" in transcript.options:
            attributes["data-terminal"] = ""
    opening = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    code = f"<pre><code>{''.join(parts)}</code></pre>"
    return f"<div{opening}>{code}{footer(transcript, reason if build else None)}</div>"


def footer(transcript: Transcript, reason: str | None = None) -> str:
    """Return as HTML what the lines do not show: a signal that was sent, a failing exit code.

    `reason` says why the block cannot be run in the page.
    """
    notes = []
    if name := transcript.options.get("signal"):
        what = "Ctrl-C was pressed" if name == "INT" else f"SIG{name} was sent"
        notes.append(f"{what} while it ran")
    if any(transcript.exit_codes[:-1]):
        notes.append(f"exit codes {', '.join(map(str, transcript.exit_codes))}")
    elif transcript.exit_codes[-1]:
        notes.append(f"exit code {transcript.exit_codes[-1]}")
    if reason:
        notes.append(f"not in the browser: {reason}")
    return f"<p>{escape(', '.join(notes))}</p>" if notes else ""


def colored(lines: list[str]) -> str:
    """Return output as HTML, its colors as classes such as `ansi-green`."""
    parts, span_open = [], False
    text = "".join(f"{line}\n" for line in lines)
    for index, part in enumerate(SGR.split(text)):
        if index % 2 == 0:
            parts.append(escape(part))
            continue
        if span_open:
            parts.append("</span>")
        classes = [_class(code) for code in part.split(";") if code not in ("", "0")]
        span_open = bool(classes)
        if classes:
            parts.append(f'<span class="{" ".join(classes)}">')
    return "".join(parts)


def _class(code):
    if code == "1":
        return "ansi-bold"
    if code[0] in "34" and code[1:].isdecimal() and int(code[1:]) < len(COLORS):
        return f"ansi-{'on-' if code[0] == '4' else ''}{COLORS[int(code[1:])]}"
    raise TranscriptError(f"an unknown color: {ESCAPE}[{code}m")


def readme_block(line: str, root: Path = ROOT) -> list[str]:
    """Return the lines of the README's console block in which the command `line` is run.

    Raises TranscriptError where there is none.
    """
    rest = iter((root / "README.md").read_text(encoding="utf-8").splitlines())
    for opening in rest:
        if fence := FENCE.match(opening):
            block = [*until_closed(rest, fence)]
            if f"$ {line}" in block:
                return [opening, *block]
    raise TranscriptError(f"README.md runs no {line!r}")


class TranscriptPreprocessor(Preprocessor):
    """Show the console blocks of a page, which `build`, the packed terminal, can run."""

    def __init__(self, md, build=None):
        super().__init__(md)
        self.build = build

    def run(self, lines):
        result = []
        rest = iter(lines)
        for line in rest:
            fence = FENCE.match(line)
            if not fence:
                result.append(line)
                continue
            block = [*until_closed(rest, fence)]
            if fence["language"] == "console":
                transcript = parse(fence["info"], block[:-1])
                shown = self.md.htmlStash.store(to_html(transcript, self.build))
                result += ["", fence["indent"] + shown, ""]
            else:
                result += [line, *(fence["indent"] + inner for inner in block)]
        return result


def until_closed(lines: Iterator[str], fence: re.Match) -> Iterator[str]:
    """Yield the lines of a block without its indent, the closing fence as the last."""
    for line in lines:
        inner = line.removeprefix(fence["indent"])
        yield inner
        if inner.rstrip() == fence["fence"]:
            return
    raise TranscriptError(f"{fence[0].strip()}: the block has no end")
