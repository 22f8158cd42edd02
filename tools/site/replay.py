"""Run the transcripts of a page again, in order, in a fresh copy of the course and its shop.

Needs a POSIX system and bash. The tests use it; the site's build does not.
"""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import sysconfig
import termios
import time
import venv
from collections.abc import Callable
from difflib import unified_diff
from importlib.metadata import distribution
from itertools import chain
from pathlib import Path
from zipfile import ZipFile

import pyte
from sybil import Document
from sybil.parsers.markdown import PythonCodeBlockParser
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer

from shared_project.chapters import ROOT
from tools.site.libraries import TERMINAL
from tools.site.normalizers import HOME, record, same
from tools.site.transcripts import COLORS, ESCAPE, Transcript, parse, to_lines

COLUMNS = 80
LINES_ON_SCREEN = 3000
SECONDS = 300
# How long a command may take to end when its output has ended, and to react to a signal.
GRACE = 5
PATIENCE = 1
# `assets` is what the terminal is packed into, many times as large as all the rest.
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv*", "assets", "node_modules", "__pycache__", ".*_cache", ".coverage*"
)
MADE = {"site", "var"}  # at the top
KEYS = {"^C": "\x03", "^D": "\x04"}
# What one command exports, and the folder that it changes to, hold for the next one, as in a
# shell that stays open. A signal to all processes must not end the shell itself.
SHELL = """
trap : INT TERM HUP; source "$1"
eval "$2"
code=$?
{ export -p; echo "cd $(printf %q "$PWD"); (exit $code)"; } > "$1"
exit $code
"""
# Makes the terminal the one that Ctrl-C comes from, which takes a call in the new process.
ON_A_TERMINAL = "import os, sys; os.login_tty(0); os.execvp(sys.argv[1], sys.argv[1:])"


class ReplayError(Exception):
    """A transcript cannot be run as it stands."""


def copy_tree(target: Path, ignore: Callable) -> None:
    """Copy the working tree to `target`, without what `ignore` names and what runs have made."""

    def ignored(folder, names):
        return {*ignore(folder, names), *(MADE if Path(folder) == ROOT else ())}

    shutil.copytree(ROOT, target, ignore=ignored)


def copy_course(target: Path) -> None:
    """Copy the working tree to `target`, with a demo shop in `var`."""
    copy_tree(target, NOT_COPIED)
    link_modules(target)
    # The packages are those of the running environment, whatever CI ran with.
    (target / "constraints.txt").write_text("")
    (target / "var").mkdir()
    shell = Shell(target)
    for command in ("python manage.py migrate -v 0", "python manage.py load_demo -v 0"):
        lines, code = shell.run_plainly(command)
        if code:
            raise ReplayError("\n".join([f"`{command}` failed", *lines]))


def link_modules(target: Path, root: Path = ROOT) -> None:
    """Let the copy `target` of `root` find installed what npm has installed, if it has.

    So no page needs the network.
    """
    modules = root / TERMINAL.relative_to(ROOT) / "node_modules"
    if modules.is_dir():
        (target / modules.relative_to(root)).symlink_to(modules)


def make_environment(folder: Path) -> None:
    """Make `folder` a virtual environment with the packages of the running one.

    So a page that installs requirements finds them installed. Only the course itself is not; the
    wheel of what builds it lies in `wheels`, so that a page needs no network. It has a `pip` of
    its own: the next one on the PATH would install the copy into the running environment.
    """
    venv.create(folder, symlinks=True)
    packages = sysconfig.get_path("purelib", vars=dict.fromkeys(("base", "platbase"), str(folder)))
    Path(packages, "course.pth").write_text(sysconfig.get_path("purelib") + "\n")
    write_wheel("setuptools", folder / "wheels")
    pip = folder / "bin" / "pip"
    pip.write_text('#!/bin/sh\nexec "$(dirname "$0")/python" -m pip "$@"\n')
    pip.chmod(0o755)


def write_wheel(name: str, folder: Path) -> None:
    """Make the installed package `name`, which is Python only, a wheel again."""
    package = distribution(name)
    folder.mkdir(exist_ok=True)
    with ZipFile(folder / f"{name}-{package.version}-py3-none-any.whl", "w") as wheel:
        for file in package.files:
            if file.suffix != ".pyc":
                wheel.write(file.locate(), file)


def replay_page(page: Path, shell: "Shell", *, update: bool = False) -> list[str]:
    """Run every console block and every Python block of `page`; return what is wrong.

    With `update`, what the page shows of console blocks is replaced by what they print now.
    """
    document = Document.parse(page, ConsoleParser(shell), PythonCodeBlockParser())
    problems, changes = [], []
    for example in document:
        place = f"{page.name}, line {example.line}"
        try:
            example.evaluate()
        except MismatchError as mismatch:
            changes.append((example, mismatch.printed))
            problems += [] if update else [f"{place}:\n{mismatch}"]
        except (AssertionError, ReplayError) as error:
            problems.append(f"{place}: {error}")
    if update:
        rewrite(page, document.text, changes)
    return problems


def rewrite(page, text, changes):
    for example, printed in reversed(changes):
        opening, *_, closing = text[example.start : example.end].split("\n")
        indent = opening[: len(opening) - len(opening.lstrip())]
        lines = [f"{indent}{line}" if line else "" for line in to_lines(printed)]
        block = "\n".join([opening, *lines, closing])
        text = text[: example.start] + block + text[example.end :]
    page.write_text(text, encoding="utf-8")


class MismatchError(AssertionError):
    """What a page shows is not what its commands print."""

    def __init__(self, shown: Transcript, printed: Transcript):
        self.printed = printed
        super().__init__("\n".join(unified_diff(to_lines(shown), to_lines(printed), lineterm="")))


class ConsoleParser:
    """Find the console blocks of a page for sybil."""

    lexer = RawFencedCodeBlockLexer(re.compile(r"console(?P<info>[^\n]*)\n"))

    def __init__(self, shell: "Shell"):
        self.shell = shell

    def __call__(self, document):
        for region in self.lexer(document):
            region.parsed = parse(region.lexemes["info"], region.lexemes["source"].splitlines())
            region.evaluator = self.evaluate
            yield region

    def evaluate(self, example):
        shown = example.parsed
        printed = self.shell.replay(shown)
        counts = "varies" in shown.options
        pairs = [*zip(shown.commands, printed.commands, strict=True)]
        if all(same(old.output, new.output, counts=counts) for old, new in pairs):
            return
        recorded = [record(old.output, new.output) for old, new in pairs]
        for line in chain.from_iterable(recorded):
            if line.startswith("$ "):
                raise ReplayError(f"a line of output looks like a command: {line}")
        raise MismatchError(shown, shown.answered(recorded))


class Shell:
    """A shell in a copy of the course at `folder`."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.state = folder.with_name(f"{folder.name}.state")
        self.state.write_text("")
        home = folder.with_name(f"{folder.name}.home")
        home.mkdir(exist_ok=True)
        self.env = {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "HOME": str(home),
            "TMPDIR": str(home),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "COLUMNS": str(COLUMNS),
            # On a terminal each line appears when it is printed, and the order shows.
            "PYTHONUNBUFFERED": "1",
            "PYTEST_ADDOPTS": "-p no:randomly -p no:cacheprovider",
            "NO_MKDOCS_2_WARNING": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(folder / ".venv" / "wheels"),
        }

    def replay(self, transcript: Transcript) -> Transcript:
        """Return the transcript as it comes out now. Raises ReplayError for a wrong exit code."""
        if "fresh" in transcript.options:
            shutil.rmtree(self.folder / "var")
            (self.folder / "var").mkdir()
        outputs = []
        for command, expected in zip(transcript.commands, transcript.exit_codes, strict=True):
            last = command is transcript.commands[-1]
            run = self.run_on_terminal if "terminal" in transcript.options else self.run_plainly
            lines, code = run(command.line, transcript.options if last else {})
            if code != expected:
                printed = "\n".join(lines)
                raise ReplayError(f"exit code {code}, not {expected}: {command.line}\n{printed}")
            outputs.append(lines)
        return transcript.answered(outputs)

    def run_plainly(self, line: str, options: dict[str, str] | None = None):
        """Run `line` with its output in a pipe; return the lines and the exit code."""
        ours, theirs = os.pipe()
        process = self.start(
            self.bash(line), stdin=subprocess.DEVNULL, stdout=theirs, start_new_session=True
        )
        os.close(theirs)
        text = converse(process, ours, options or {})
        return self.shown(text).decode(errors="replace").splitlines(), process.returncode

    def run_on_terminal(self, line: str, options: dict[str, str] | None = None):
        """Run `line` on a terminal; return the lines of its screen and the exit code."""
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (24, COLUMNS))
        command = [sys.executable, "-ISc", ON_A_TERMINAL, *self.bash(line)]
        process = self.start(command, stdin=theirs, stdout=theirs)
        os.close(theirs)
        text = converse(process, ours, options or {})
        screen = pyte.Screen(COLUMNS, LINES_ON_SCREEN)
        pyte.ByteStream(screen).feed(self.shown(text))
        return screen_lines(screen), process.returncode

    def bash(self, line):
        return ["bash", "-c", SHELL, "bash", str(self.state), line]

    def start(self, command, **streams):
        return subprocess.Popen(
            command,
            stderr=streams["stdout"],
            cwd=self.folder,
            env=self.env,
            **streams,
        )

    def shown(self, text):
        return text.replace(os.fsencode(self.folder), HOME.encode())


def converse(process, output, options) -> bytes:
    """Read `output` to its end, and type or send a signal when its time has come."""
    text = b""
    waiting = options.get("after", "").encode()
    again = False
    deadline = time.monotonic() + SECONDS
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([output], [], [], min(left, PATIENCE))[0]:
            if again:
                act(process, output, options)
                again = False
            continue
        try:
            chunk = os.read(output, 65536)
        except OSError:  # how Linux reports that a terminal has been closed
            break
        if not chunk:
            break
        text += chunk
        if waiting and waiting in text:
            waiting = b""
            act(process, output, options)
            # Python looks for signals between two instructions. One that arrives right before
            # a call that waits for input is noticed when the input has come, or another signal.
            again = options.get("typed", "^C") in KEYS
    os.close(output)
    try:
        process.wait(timeout=GRACE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise ReplayError(f"no end after {SECONDS} seconds: {text.decode()}") from None
    if waiting:
        raise ReplayError(f"never printed {waiting.decode()!r}: {text.decode()}")
    return text


def act(process, output, options):
    """Type what the block says, or send its signal to all processes of the command."""
    if "typed" in options:
        typed = options["typed"]
        os.write(output, KEYS.get(typed, f"{typed}\n").encode())
    else:
        os.killpg(process.pid, signal.Signals[f"SIG{options['signal']}"])


def screen_lines(screen: pyte.Screen) -> list[str]:
    """Return the lines on the screen, down to the cursor, with their colors as sequences."""
    lines = []
    for y in range(screen.cursor.y + 1):
        line, style = "", ""
        row = screen.buffer[y]
        for x in range(max(row, default=-1) + 1):
            new = _style(row[x])
            if new != style:
                line += f"{ESCAPE}[{new or 0}m"
                style = new
            line += row[x].data
        lines.append((line + (f"{ESCAPE}[0m" if style else "")).rstrip())
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _style(char):
    codes = ["1"] if char.bold else []
    for name, prefix in ((char.fg, "3"), (char.bg, "4")):
        # The terminal's first yellow is called brown, as on the first color terminals.
        name = "yellow" if name == "brown" else name
        if name != "default":
            codes.append(f"{prefix}{COLORS.index(name)}")
    return ";".join(codes)
