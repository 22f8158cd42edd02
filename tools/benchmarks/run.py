"""Measure the course's commands against the raw drivers, as ratios within one run.

    python tools/benchmarks/run.py [--rows 1000000] [--database sqlite|postgres|both]
                             [--only export import …] [--repeat 3] [--url postgres://…]
                             [--clock wall|cpu] [--steps FILE [--limit SECONDS]]

Every measurement is a process of its own. For a command, the clock inside that process runs from
`call_command` to the closed connection: the start of Python, `django.setup()` and the import of
the command do not count, and nothing is subtracted. For `hello` and `pytest` it is the time of
the whole process. For the counter and the bar it is always the CPU's time, in nanoseconds an
item over the bare loop.

The peak memory is that of the whole process, Python and Django included.

A round is one run of the floor and one of the command, each on a fresh copy of the same
database. The first round warms up and is thrown away. The table has the medians of the others,
and the ratio is the median of the rounds' own ratios.

With `--steps FILE`, the steps of the chapters and the finished commands are measured instead, and
what they cost is kept in the JSON file, which a page of the site shows. Some of them take minutes,
so there is no round that warms up. With `--limit`, a step that takes longer is ended, and the file
keeps the limit in the place of the seconds.

Seconds from a machine that does other work mean little; the ratios hold.
"""

import argparse
import contextlib
import itertools
import json
import os
import platform
import signal
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import measure
from catalog import Benchmark, catalog, steps
from databases import Database, Postgres, Sqlite, UnusableError

HEAD = (
    "| command | database | floor, s | command, s | cost | from – to | limit | peak, MB "
    "| longest transaction, ms |\n|---|---|---|---|---|---|---|---|---|"
)
UNKNOWN = {"seconds": None, "cost": None, "megabytes": None, "longest": None}


def main():
    options = parse()
    # So that the scratch databases are dropped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with contextlib.ExitStack() as cleanup:
        folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="benchmarks-")))
        try:
            databases = open_databases(options, folder)
        except UnusableError as error:
            sys.exit(f"PostgreSQL: {error}")
        for database in databases:
            cleanup.callback(database.drop)
        wanted = [
            benchmark
            for benchmark in (steps if options.steps else catalog)(folder, options.rows)
            if not options.only or any(word in benchmark.name for word in options.only)
        ]
        if not wanted:
            sys.exit(f"No benchmark has {' or '.join(options.only)} in its name.")
        print_versions(options, databases)
        met = [run_all(wanted, database, folder, options) for database in databases]
    sys.exit(0 if all(met) else 1)


def parse():
    url = os.environ.get("DATABASE_URL", "")
    has_postgres = url.startswith(("postgres:", "postgresql:"))
    parser = argparse.ArgumentParser(description="Measure the commands against the raw drivers.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument(
        "--database",
        choices=["sqlite", "postgres", "both"],
        default="both" if has_postgres else "sqlite",
        help="default: both where DATABASE_URL names PostgreSQL, else sqlite",
    )
    parser.add_argument("--only", nargs="+", default=[], metavar="WORD", help="part of a name")
    parser.add_argument(
        "--repeat", type=int, default=3, help="rounds after the first (default: 3)"
    )
    parser.add_argument(
        "--url",
        default=url if has_postgres else "",
        help="a PostgreSQL database that does not exist yet (default: DATABASE_URL)",
    )
    parser.add_argument(
        "--clock",
        choices=["wall", "cpu"],
        default="wall",
        help="cpu: steadier on a busy machine, but blind to a database server (default: wall)",
    )
    parser.add_argument(
        "--steps", type=Path, metavar="FILE", help="measure the steps; keep the results there"
    )
    parser.add_argument(
        "--limit", type=int, metavar="SECONDS", help="with --steps: end a step that takes longer"
    )
    options = parser.parse_args()
    if options.limit and not options.steps:
        parser.error("--limit needs --steps")
    if options.rows < 1000 or options.repeat < 1:
        parser.error("--rows must be at least 1000, and --repeat at least 1")
    return options


def open_databases(options, folder) -> list[Database]:
    databases = []
    if options.database in ("sqlite", "both"):
        databases.append(Sqlite(folder))
    if options.database in ("postgres", "both"):
        databases.append(Postgres(options.url))
    return databases


def print_versions(options, databases):
    from importlib.metadata import version

    parts = [f"Python {platform.python_version()}", f"Django {version('django')}"]
    parts += [database.version() for database in databases]
    print(f"{datetime.now(UTC):%Y-%m-%d}: {', '.join(parts)}; {options.rows:,} rows, ", end="")
    print(f"medians of {options.repeat}, {options.clock} clock.\n\n{HEAD}", flush=True)


def run_all(benchmarks, database, folder, options) -> bool:
    """Run `benchmarks` on `database`, print a line for each; return whether all limits held."""
    met = True
    for filling, group in itertools.groupby(benchmarks, lambda benchmark: benchmark.filling):
        database.build(filling, options.rows)
        database.restore()
        for benchmark in group:
            if database.title not in benchmark.limits:
                continue
            figures = {}
            try:
                result = run_one(benchmark, database, folder, options)
            except measure.RunError as error:
                print(f"| `{benchmark.name}` | {database.title} | {error} |", flush=True)
                met = False
            except measure.LimitError:
                over = f"ended after {options.limit:g} s"
                print(f"| `{benchmark.name}` | {database.title} | {over} |", flush=True)
                figures = {**UNKNOWN, "limit": options.limit}
            else:
                met &= print_result(benchmark, database, result)
                figures = figures_of(result)
            if options.steps and figures:
                keep(options.steps, benchmark.name, database, options.rows, figures)
    return met


def figures_of(result: measure.Result) -> dict:
    return {
        "seconds": round(result.seconds, 2),
        "cost": round(result.cost, 2),
        "megabytes": round(result.megabytes),
        "longest": result.longest and round(result.longest, 1),
    }


def keep(file: Path, name, database, rows, figures) -> None:
    """Put one result into the JSON file, in the place of an older one of the same kind."""
    kept = json.loads(file.read_text()) if file.exists() else []
    kind = {"step": name, "database": database.title, "rows": rows}
    kept = [one for one in kept if {key: one[key] for key in kind} != kind]
    kept.append({**kind, **figures})
    kept.sort(key=lambda one: (one["step"], one["database"], one["rows"]))
    lines = ",\n".join(json.dumps(one) for one in kept)
    file.write_text(f"[\n{lines}\n]\n")


def run_one(benchmark: Benchmark, database, folder, options) -> measure.Result:
    env = {
        "DATABASE_URL": database.url,
        "DJANGO_DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "shared_project.settings",
        "BENCHMARK_CLOCK": options.clock,
    }
    if benchmark.prepare:
        benchmark.prepare()
    pairs = []
    warming_up = 0 if options.steps else 1
    for _ in range(warming_up + options.repeat):
        runs, outcomes = [], []
        for command, limit in ((benchmark.floor, None), (benchmark.command, options.limit)):
            if benchmark.writes:
                database.restore()
            runs.append(measure.run(command, env, folder, limit))
            outcomes.append(outcome_of(benchmark, database))
        if outcomes[0] != outcomes[1]:
            raise measure.RunError(f"left {outcomes[1]}, the floor {outcomes[0]}")
        pairs.append(tuple(runs))
    return measure.summarize(pairs[warming_up:], benchmark.compare)


def outcome_of(benchmark, database):
    if callable(benchmark.outcome):
        return benchmark.outcome()
    return database.value(benchmark.outcome) if benchmark.outcome else None


def print_result(benchmark, database, result) -> bool:
    """Print the line of one benchmark; return whether it kept within its limits."""
    unit = " ns" if benchmark.items else "×"
    limit = benchmark.limits.get(database.title)
    cost, cost_met = judge(result.cost, limit, 2 if unit == "×" else 0, unit)
    peak, peak_met = judge(result.megabytes, benchmark.megabytes, 0)
    longest, longest_met = judge(
        result.longest if benchmark.longest else None, benchmark.longest, 1
    )
    places = 0 if benchmark.items else 2
    spread = f"{result.lowest:.{places}f} – {result.highest:.{places}f}"
    cells = [
        f"`{benchmark.name}`", database.title, f"{result.floor:.2f}", f"{result.seconds:.2f}",
        cost, spread, f"≤ {limit:g}{unit}" if limit else "", peak, longest,
    ]  # fmt: skip
    print(f"| {' | '.join(cells)} |", flush=True)
    return cost_met and peak_met and longest_met


def judge(value, limit, places, unit=""):
    """Return the text of `value`, bold where it is over its limit, and whether it is within."""
    if value is None:
        return "", True
    text = f"{value:.{places}f}{unit}"
    if limit is None or round(value, places) <= limit:
        return text, True
    return f"**{text}** (≤ {limit:g})" if not unit else f"**{text}**", False


if __name__ == "__main__":
    main()
