from django.core.management.base import BaseCommand
from django.db import connection, transaction

from errors.lookalikes import find_lookalikes
from errors.report import ErrorReport, counted
from errors.staging import Staging
from shared_project.shop.models import Product
from shared_project.toolkit.arguments import non_empty, validate_option, whole_number
from shared_project.toolkit.files import MEGABYTE
from shared_project.toolkit.json_array import ArrayReader
from shared_project.toolkit.locks import session_settings
from shared_project.toolkit.output import style_for
from shared_project.toolkit.rows import check_row, rules_for
from shared_project.toolkit.shutdown import CommitGuard
from shared_project.toolkit.spellings import lookalike_problem
from shared_project.toolkit.sqlite import PATIENCE
from shared_project.toolkit.stdin import STDIN, open_file_or_stdin
from shared_project.toolkit.text import printable, quoted

LOCK_TIMEOUT = f"{PATIENCE}s"  # on PostgreSQL, as long as for SQLite's lock
megabytes = whole_number(1, 1_000_000)
RULES = rules_for(Product, "name", "price", "category")


class Command(BaseCommand):
    help = (
        "Import products from a JSON file: a list of objects with name, price and category. "
        "A product whose name exists is updated. All of the file is imported, or none of it."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "file", metavar="FILE", type=non_empty, help="The JSON file; - for stdin."
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="Do the same, print the same numbers, and change nothing.",
        )
        parser.add_argument(
            "--max-size",
            metavar="MB",
            type=megabytes,
            default=500,
            help="Refuse a larger file, in megabytes. Default: 500.",
        )

    def handle(self, *, file, dry_run, max_size, verbosity, **options):
        file = validate_option(non_empty, file, "FILE")
        max_size = validate_option(megabytes, max_size, "--max-size")
        name = "stdin" if file == STDIN else printable(file)
        report = ErrorReport(self.write_error)
        with (
            open_file_or_stdin(file, max_size * MEGABYTE) as source,
            CommitGuard(self) as guard,
            transaction.atomic(),
            session_settings(connection, lock_timeout=LOCK_TIMEOUT),
        ):
            created, updated = self.import_products(source, name, report)
            unchanged = report.rows - created - updated
            summary = (
                f"{'Would import' if dry_run else 'Imported'} {counted(report.rows, 'product')}: "
                f"{created:,} created, {updated:,} updated, {unchanged:,} unchanged."
            )
            if dry_run:
                transaction.set_rollback(True)
            else:
                guard.commit_follows(summary)
        if verbosity > 0:
            self.stdout.write(summary)

    def import_products(self, source, file, report):
        """Return how many products were created, and how many updated.

        Raises CommandError where a row is wrong, or there is none; roll back what was done.
        """
        staging = Staging(Product, list(RULES))
        staging.fill(self.checked(ArrayReader(source, file), report))
        count, found = staging.duplicates(report.room)
        for name, row, first in found:
            report.add(row, "name", f"{quoted(name)} is already in row {first:,}")
        report.count += count - len(found)
        for field in ("name", "category"):
            count, found = find_lookalikes(staging, field, report.room)
            for row, text, stored in found:
                report.add(row, field, lookalike_problem(quoted(text), stored))
            report.count += count - len(found)
        report.check(file)
        return staging.apply()

    def checked(self, rows, report):
        """Yield name, price, category and number of each row; report what is wrong with it."""
        for report.rows, row in enumerate(rows, 1):
            values, problems = check_row(row, RULES)
            for field, problem in problems:
                report.add(report.rows, field, problem)
            # A wrong price is no reason to miss a name that comes twice.
            if "name" in values:
                yield *map(values.get, RULES), report.rows

    def write_error(self, text):
        self.stderr.write(text, style_for(self.stderr, self.style.ERROR))
