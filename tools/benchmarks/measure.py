"""Run a process and say what it took."""

import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path


class RunError(Exception):
    """A measured process did not end with exit code 0; the text is the last line it wrote."""


class LimitError(Exception):
    """A measured process took longer than it may, and was ended."""


@dataclass(frozen=True)
class Run:
    seconds: float
    megabytes: float
    longest: float | None = None  # the longest transaction, in milliseconds


@contextlib.contextmanager
def time_limit(seconds: float | None):
    """Raise LimitError in the block after `seconds`; never if there are none."""

    def stop(number, frame):
        raise LimitError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds or 0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def run(command: list, env: dict, folder: Path, limit: float | None = None) -> Run:
    """Run `command` to its end, without a terminal.

    After `limit` seconds by the clock on the wall, the process is killed, and LimitError raised.

    The time is the one that the process itself reports (see work.py), and else its wall time.
    The memory is its peak as the kernel counts it, which is never less than that of this
    process: so this one stays small.
    """
    report, output = folder / "report.json", folder / "output.txt"
    report.unlink(missing_ok=True)
    env = {**os.environ, **env, "BENCHMARK_REPORT": str(report)}
    with output.open("w") as file:
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *map(str, command)],
            stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=env,
            cwd=Path(__file__).resolve().parents[2],
        )  # fmt: skip
        try:
            with time_limit(limit):
                _, status, usage = os.wait4(process.pid, 0)
        except BaseException:  # Ctrl-C, SIGTERM, the limit: nothing may go on behind our back
            process.kill()
            process.wait()
            raise
        wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        lines = output.read_text(errors="replace").strip().splitlines() or ["no message"]
        raise RunError(f"exit code {process.returncode}: {lines[-1]}")
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes
    megabytes = usage.ru_maxrss * unit / 1024**2
    if not report.exists():
        cpu = usage.ru_utime + usage.ru_stime
        return Run(cpu if env.get("BENCHMARK_CLOCK") == "cpu" else wall, megabytes)
    found = json.loads(report.read_text())
    return Run(found["seconds"], megabytes, found.get("longest"))


@dataclass(frozen=True)
class Result:
    """The medians of all rounds; the cost is taken within each round."""

    floor: float
    seconds: float
    cost: float
    lowest: float
    highest: float
    megabytes: float
    longest: float | None


def ratio(floor: Run, command: Run) -> float:
    return command.seconds / floor.seconds


def summarize(pairs: list[tuple[Run, Run]], compare=ratio) -> Result:
    """Return what the rounds showed; each is a run of the floor and one of the command."""
    floors, commands = zip(*pairs, strict=True)
    costs = [compare(floor, command) for floor, command in pairs]
    longest = [command.longest for command in commands if command.longest is not None]
    return Result(
        floor=statistics.median(floor.seconds for floor in floors),
        seconds=statistics.median(command.seconds for command in commands),
        cost=statistics.median(costs),
        lowest=min(costs),
        highest=max(costs),
        megabytes=max(command.megabytes for command in commands),
        longest=statistics.median(longest) if longest else None,
    )
