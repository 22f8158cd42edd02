from collections import Counter
from tempfile import SpooledTemporaryFile

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from export.files import MEGABYTE
from greet.arguments import check, non_empty, whole_number
from greet.text import printable, quoted
from styling.catalog import synchronize
from styling.feed import BUNDLED, read_source, shown
from styling.records import bad_records, parse
from styling.streams import style_for

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
            "--max-mb",
            metavar="N",
            type=megabytes,
            default=10,
            help="Refuse a feed of more than N MB, 1 to 100 (default: %(default)s).",
        )

    def handle(self, *, source, max_mb, verbosity, **options):
        source = check(non_empty, source, "--source")
        max_mb = check(megabytes, max_mb, "--max-mb")
        name = shown(source)
        self.debug(verbosity, f"Reading {name}.")
        data = read_source(source, max_mb * MEGABYTE)
        records = parse(data, name)
        self.debug(verbosity, f"Read {len(data)} bytes, {len(records)} records.")
        self.refuse_problems(records, name)
        with SpooledTemporaryFile(MEGABYTE, "w+", encoding="utf-8", newline="\n") as lines:
            counts = self.store(records, lines, verbosity)
            # The transaction is committed: from here on, output that fails decides nothing.
            lines.seek(0)
            for line in lines:
                self.stdout.write(line, ending="")
        if verbosity > 0:
            self.stdout.write(self.style.SUCCESS(summary(counts)))

    def refuse_problems(self, records, name):
        error_style = style_for(self.stderr, self.style.ERROR)
        count = bad = 0
        for row, found in bad_records(records):
            bad += 1
            for field, message in found:
                count += 1
                if count <= MAX_ERRORS:
                    self.stderr.write(f"record {row}, {field}: {message}", error_style)
        if count > MAX_ERRORS:
            self.stderr.write(f"… and {count - MAX_ERRORS} more errors.", error_style)
        if bad:
            raise CommandError(
                f"{name}: {bad} of {len(records)} records are wrong. Nothing was changed."
            )

    def store(self, records, lines, verbosity):
        counts = Counter()
        with transaction.atomic():
            for change in synchronize(records):
                counts[change.action] += 1
                if verbosity > 1:
                    lines.write(f"{change.action:9}  {printable(change.product.name)}\n")
                if verbosity > 2 and change.action == "changed":
                    for field, old, new in change.differences():
                        lines.write(f"           {field}: {quoted(old)} to {quoted(new)}\n")
        return counts

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
