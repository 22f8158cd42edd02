"""The benchmarks: what is run, what stands under it as the floor, and what it may cost."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import measure
from databases import ROOT, WORK
from rows import products

SQLITE, POSTGRES = "SQLite", "PostgreSQL"


@dataclass(frozen=True)
class Benchmark:
    name: str
    floor: list
    command: list
    # What the database is filled with; None stands for empty tables.
    filling: str | None = None
    # Whether it changes rows, so that every run needs a fresh database.
    writes: bool = False
    # The most that the command may cost, by database; on others it is not measured. Then the
    # most memory (MB) and the longest transaction (ms).
    limits: dict[str, float] = field(default_factory=dict)
    megabytes: float | None = None
    longest: float | None = None
    # Called before the first round.
    prepare: Callable[[], None] | None = None
    # What must come out the same from the floor and from the command.
    outcome: str | Callable[[], object] | None = None
    # Nanoseconds an item instead of a ratio, for so many items.
    items: int | None = None

    def compare(self, floor: measure.Run, command: measure.Run) -> float:
        if self.items:
            return (command.seconds - floor.seconds) / self.items * 1e9
        return measure.ratio(floor, command)


def catalog(folder: Path, count: int) -> list[Benchmark]:
    """Return all benchmarks, those with the same filling beside each other."""
    return [
        *starting(),
        *loops(),
        *exports(folder),
        *imports(folder, count),
        *prices(),
        *cleanups(),
    ]


def starting():
    set_up = "import os, django; django.setup()"
    yield Benchmark(
        name="hello",
        floor=["-c", set_up],
        command=["manage.py", "hello"],
        limits={SQLITE: 1.2, POSTGRES: 1.2},
    )
    options = ["-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider"]
    for chapter in sorted(path.parent.name for path in ROOT.glob("chapters/*/tests")):
        yield Benchmark(
            name=f"pytest {chapter}",
            floor=[*options, "tools/benchmarks/nothing.py"],
            command=[*options, f"chapters/{chapter}"],
            limits={SQLITE: 4},
        )


def loops():
    items = 1_000_000
    for kind in ("counter", "bar"):
        yield Benchmark(
            name=kind,
            floor=[WORK, "loop", "bare", items],
            command=[WORK, "loop", kind, items],
            limits={SQLITE: 200},
            items=items,
        )


def exports(folder):
    fields = ["id", "username", "email", "date_joined"]
    for form, floor, limits in (
        ("csv", "export_csv", {SQLITE: 1.5, POSTGRES: 1.0}),
        ("json", "export_json", {SQLITE: 1.6, POSTGRES: 1.4}),
        ("xml", "export_json", {SQLITE: 1.6, POSTGRES: 1.4}),
    ):
        file = folder / f"users.{form}"
        yield Benchmark(
            name=f"export_users {form}",
            filling="users",
            floor=[WORK, "floor", floor, file],
            command=[
                WORK, "call", "export_users", "--format", form, "--output", file,
                "--fields", *fields,
            ],
            limits=limits,
            megabytes=60,
            outcome=lambda file=file: occurrences(file, b"@example.com"),
        )  # fmt: skip


def imports(folder, count):
    file = folder / "products.json"
    yield Benchmark(
        name="import_products",
        prepare=lambda: write_products(file, count),
        writes=True,
        floor=[WORK, "floor", "import_products", count],
        command=[WORK, "call", "import_products", file],
        limits={SQLITE: 8, POSTGRES: 1.5},
        megabytes=150,
        outcome="SELECT count(*), sum(price) FROM shop_product",
    )


def prices():
    yield Benchmark(
        name="bulk_update",
        filling="products",
        writes=True,
        floor=[WORK, "floor", "update_prices"],
        command=[WORK, "call", "bulk_update", "--percentage", "10"],
        limits={SQLITE: 1.1, POSTGRES: 1.2},
        outcome="SELECT count(*), min(price), max(price) FROM shop_product",
    )


def cleanups():
    for filling in ("logs", "scattered logs"):
        for size in (1000, 10_000):
            # 10,000 scattered rows cannot go in one short transaction (see README.md).
            sqlite = 1.8 if (filling, size) == ("logs", 10_000) else 5
            yield Benchmark(
                name=f"cleanup_old_data {size}" + ", gaps" * (filling != "logs"),
                filling=filling,
                writes=True,
                floor=[WORK, "floor", "delete_logs"],
                command=[
                    WORK, "call", "cleanup_old_data", "--model", "audit_logs",
                    "--batch-size", size,
                ],
                limits={SQLITE: sqlite, POSTGRES: 3.5},
                longest=10,
                outcome="SELECT count(*) FROM shop_auditlog",
            )  # fmt: skip


def steps(folder: Path, count: int) -> list[Benchmark]:
    """Return the steps of four chapters and the finished commands, for the page on their cost."""
    users, file = folder / "users.csv", folder / "products.json"
    columns = ["--output", users, "--fields", "id", "username", "email", "date_joined"]
    both = {SQLITE: None, POSTGRES: None}
    kinds = [
        ("03", "export_users", columns, "users", False, ["export_csv", users], None),
        ("05", "import_products", [file], None, True, ["import_products", count], file),
        ("07", "bulk_update", ["--percentage", "10"], "products", True, ["update_prices"], None),
        ("09", "cleanup_old_data", [], "sessions", True, ["delete_sessions"], None),
    ]
    return [
        Benchmark(
            name=name,
            filling=filling,
            writes=writes,
            floor=[WORK, "floor", *floor],
            command=[WORK, "call", *call, *arguments],
            limits=both,
            prepare=(lambda: write_products(file, count)) if source else None,
        )
        for chapter, finished, arguments, filling, writes, floor, source in kinds
        for name, call in [
            *((step, ["step", step]) for step in steps_of(chapter)),
            (f"{chapter}/{finished}", [finished]),
        ]
    ]


def steps_of(chapter: str) -> list[str]:
    files = sorted(ROOT.glob(f"chapters/{chapter}/steps/[1-9]_*.py"))
    return [f"{chapter}/{file.name[0]}" for file in files]


def write_products(file: Path, count: int) -> None:
    with file.open("w") as output:
        output.write("[\n")
        for index, (name, price, category) in enumerate(products(count)):
            comma = "," if index else ""
            text = f'{{"name": "{name}", "price": {price}, "category": "{category}"}}'
            output.write(f"{comma}\n{text}")
        output.write("\n]\n")


def occurrences(file: Path, text: bytes) -> int:
    """Return how often `file` has `text`, without holding the file in memory."""
    found, rest = 0, b""
    with file.open("rb") as stream:
        while chunk := stream.read(1_000_000):
            chunk = rest + chunk
            found += chunk.count(text)
            rest = chunk[-(len(text) - 1) :]
    return found
