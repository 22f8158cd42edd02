"""What one measured process does: `python work.py floor NAME …`, `call COMMAND …`, `loop KIND`.

The database is DATABASE_URL. The clock runs from the first statement to the closed connection.
Starting Python, setting up Django, and importing the command or the driver do not count. What
the clock showed is written as JSON to the file that BENCHMARK_REPORT names.
"""

import csv
import json
import os
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import rows
from drivers import connect, is_sqlite, placeholders

URL = os.environ.get("DATABASE_URL", "")
# On a machine that does other work, the CPU's time says more about SQLite than the wall clock.
clock = time.process_time if os.environ.get("BENCHMARK_CLOCK") == "cpu" else time.perf_counter
EXPORTED = ("id", "username", "email", "date_joined")


def fill(name, count):
    """Fill a fresh database, and leave it in the state that every run starts from."""
    table, columns, make = rows.FILLINGS[name]
    names = ", ".join(columns)
    with closing(connect(URL)) as connection:
        if is_sqlite(URL):
            insert = f"INSERT INTO {table} ({names}) VALUES ({placeholders(URL, len(columns))})"
            connection.execute("BEGIN")
            connection.executemany(insert, make(int(count)))
            connection.execute("COMMIT")
            connection.execute("VACUUM")
            connection.execute("ANALYZE")
        else:
            with connection.cursor().copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in make(int(count)):
                    copy.write_row(row)
            connection.execute("VACUUM ANALYZE")


def export_csv(path):
    with closing(connect(URL)) as connection, Path(path).open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(EXPORTED)
        writer.writerows(select_users(connection))


def export_json(path):
    with closing(connect(URL)) as connection, Path(path).open("w") as file:
        for row in select_users(connection):
            file.write(json.dumps(dict(zip(EXPORTED, row, strict=True)), default=str) + "\n")


def select_users(connection):
    select = f"SELECT {', '.join(EXPORTED)} FROM auth_user ORDER BY id"
    if is_sqlite(URL):
        yield from connection.execute(select)
        return
    # A cursor without a name would hold the whole table in memory.
    with connection.transaction(), connection.cursor("users") as cursor:
        cursor.itersize = 2000
        yield from cursor.execute(select)


def import_products(count):
    insert = (
        "INSERT INTO shop_product (name, price, category) "
        f"VALUES ({placeholders(URL, len(rows.PRODUCT_COLUMNS))})"
    )
    with closing(connect(URL)) as connection:
        connection.execute("BEGIN")
        connection.cursor().executemany(insert, rows.products(int(count)))
        connection.execute("COMMIT")


def update_prices():
    with closing(connect(URL)) as connection:
        connection.execute("UPDATE shop_product SET price = round(price * 1.10, 2)")


def delete_logs():
    delete_old("shop_auditlog", "created_at")


def delete_sessions():
    delete_old("shop_session", "last_activity")


def delete_old(table, column):
    old = "datetime('now', '-90 days')" if is_sqlite(URL) else "now() - interval '90 days'"
    with closing(connect(URL)) as connection:
        connection.execute(f"DELETE FROM {table} WHERE {column} < {old}")


FLOORS = [
    export_csv, export_json, import_products, update_prices, delete_logs, delete_sessions,
]  # fmt: skip


def floor(name, *arguments):
    work = {function.__name__: function for function in FLOORS}[name]
    connect(URL).close()  # imports the driver
    start = clock()
    work(*arguments)
    return {"seconds": clock() - start}


def call(command, *arguments):
    """Call a management command; report the longest of its transactions too."""
    django = set_up_django()
    from django.core.management import call_command, get_commands, load_command_class
    from django.db import connection, connections

    load_command_class(get_commands()[command], command)
    transactions = watch_transactions(django, connection)
    start = clock()
    call_command(command, *arguments)
    connections.close_all()
    seconds = clock() - start
    return {"seconds": seconds, "longest": max(transactions, default=0) * 1000}


def watch_transactions(django, connection):
    """Return a list to which every transaction that may write adds its duration in seconds."""
    durations = []
    atomic = django.db.transaction.Atomic
    enter, leave = atomic.__enter__, atomic.__exit__
    began = 0

    def timed_enter(self):
        nonlocal began
        if not connection.in_atomic_block:
            began = clock()
        enter(self)

    def timed_exit(self, *error):
        leave(self, *error)
        if not connection.in_atomic_block:
            durations.append(clock() - began)

    def timed_statement(execute, sql, *arguments):
        # A statement on its own is a transaction too. One that only reads is in nobody's way, and
        # a pragma (a passive checkpoint of SQLite's log) holds no lock that a writer needs.
        if connection.in_atomic_block or sql.startswith(("SELECT", "PRAGMA")):
            return execute(sql, *arguments)
        began = clock()
        try:
            return execute(sql, *arguments)
        finally:
            durations.append(clock() - began)

    atomic.__enter__, atomic.__exit__ = timed_enter, timed_exit
    connection.execute_wrappers.append(timed_statement)
    return durations


def set_up_django():
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    os.environ["DJANGO_SETTINGS_MODULE"] = "shared_project.settings"
    import django

    django.setup()
    return django


def loop(kind, count):
    """Count to `count` with the counter, with the bar or with neither, drawn on a terminal.

    The time is that of the CPU, because a loop of a tenth of a second is easily disturbed.
    """
    set_up_django()
    from django.core.management.base import OutputWrapper

    from shared_project.toolkit.progress import LineCounter, progress_bar

    count = int(count)
    ours, theirs = os.openpty()
    threading.Thread(target=drain, args=[ours], daemon=True).start()
    with os.fdopen(theirs, "w") as terminal:
        stream = OutputWrapper(terminal)
        if kind == "bare":
            start = time.process_time()
            for _ in range(count):
                pass
        elif kind == "counter":
            start = time.process_time()
            with LineCounter(stream, 1, "Items", count) as counter:
                for _ in range(count):
                    counter.update()
        else:
            start = time.process_time()
            with progress_bar(stream, 1, total=count) as bar:
                for _ in range(count):
                    bar.update()
        return {"seconds": time.process_time() - start}


def drain(terminal):
    while os.read(terminal, 65536):
        pass


if __name__ == "__main__":
    action, *arguments = sys.argv[1:]
    report = {"fill": fill, "floor": floor, "call": call, "loop": loop}[action](*arguments)
    Path(os.environ["BENCHMARK_REPORT"]).write_text(json.dumps(report))
