from collections import Counter

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from shared_project.toolkit.arguments import non_empty, validate_option, whole_number
from shared_project.toolkit.files import MEGABYTE
from shared_project.toolkit.output import Listing, discard_output, style_for
from shared_project.toolkit.shutdown import CommitGuard
from shared_project.toolkit.text import quoted
from styling.catalog import synchronize
from styling.feed import BUNDLED, read_source, shown
from styling.records import read_records

megabytes = whole_number(1, 100)
MAX_ERRORS = 20


class Command(BaseCommand):
    help = (
        "Bring the products up to date from a JSON feed. All or nothing: one bad record, and "
        "no product changes. -v 2 prints a line a record, -v 3 what changed in it."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--source",
            metavar="FILE|URL|-",
            type=non_empty,
            default=str(BUNDLED),
            help="A file, an http(s) address, or - for stdin (default: the chapter's own feed).",
        )
        parser.add_argument(
            "--max-size",
            metavar="N",
            type=megabytes,
            default=10,
            help="Refuse a feed of more than N MB, 1 to 100 (default: %(default)s).",
        )

    def handle(self, *, source, max_size, verbosity, **options):
        source = validate_option(non_empty, source, "--source")
        max_size = validate_option(megabytes, max_size, "--max-size")
        name = shown(source)
        self.debug(verbosity, f"Reading {name}.")
        data = read_source(source, max_size * MEGABYTE)
        records = self.good_records(data, name)
        self.debug(verbosity, f"Read {len(data)} bytes, {len(records)} records.")
        with Listing() as lines:
            with CommitGuard(self) as guard, transaction.atomic():
                counts = self.store(records, lines, verbosity)
                lines.finish()
                guard.commit_follows(summary(counts))
            # From here on, output that fails decides nothing.
            for line in lines:
                self.stdout.write(line)
        if verbosity > 0:
            self.stdout.write(self.style.SUCCESS(summary(counts)))

    def good_records(self, data, name):
        """Return the records; raise CommandError where one is wrong, and print why."""
        records, lines, wrong, errors = [], [], 0, 0
        for row, (record, found) in enumerate(read_records(data, name), 1):
            if record:
                records.append(record)
                continue
            wrong += 1
            errors += len(found)
            for field, message in found[: MAX_ERRORS - len(lines)]:
                lines.append(f"record {row}{', ' if field else ''}{field}: {message}.")
        if errors > MAX_ERRORS:
            lines.append(f"… and {errors - MAX_ERRORS} more errors.")
        for line in lines:
            self.stderr.write(line, style_for(self.stderr, self.style.ERROR))
        if wrong:
            raise CommandError(
                f"{name}: {wrong} of {wrong + len(records)} records are wrong. "
                "Nothing was changed."
            )
        if not records:
            raise CommandError(f"{name}: holds no records. Nothing was changed.")
        return records

    def store(self, records, lines, verbosity):
        counts = Counter()
        for change in synchronize(records, lambda: self.wait(verbosity)):
            counts[change.action] += 1
            if verbosity > 1:
                lines.write(f"{change.action:9}  {change.product.name}")
            if verbosity > 2 and change.action == "changed":
                for field, old, new in change.differences():
                    lines.write(f"           {field}: {quoted(old)} to {quoted(new)}")
        return counts

    def wait(self, verbosity):
        if verbosity > 0:
            try:
                self.stderr.write("Waiting for somebody else who writes to the products…", str)
            except OSError:
                # A notice that nobody can read is no reason to stop.
                discard_output(self.stderr)

    def debug(self, verbosity, text):
        if verbosity > 2:
            self.stderr.write(text, str)


def summary(counts):
    total = counts.total()
    if counts["unchanged"] == total:
        return f"Nothing to change: {total} of {total} products are up to date."
    return (
        f"Synchronized {total} products: {counts['new']} new, {counts['changed']} changed, "
        f"{counts['unchanged']} unchanged."
    )
